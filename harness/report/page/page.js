// Zoom, hover and toggles of the plot; without it the page is whole. The names are plot.h's.
"use strict";
(() => {
  const root = document.querySelector(".plot");
  if (!root) return;
  document.documentElement.classList.add("script");

  const kinds = ["publish", "read", "direct_read", "deliver", "ack", "drain_read"];
  const answers = ["", "a message", "absent", "a corrupt message", "a message of another writer", "not sent"];
  const begin = Number(root.dataset.begin);           // seconds, of the first record
  const length = Number(root.dataset.length);         // milliseconds, of the whole
  const panels = root.querySelector(".panels");
  const readout = root.querySelector(".readout");
  const data = [...root.querySelectorAll("svg.data")];
  const labels = [...root.querySelectorAll("text[data-t]:not(.axis)")];
  const shortest = length / 1e4;
  let from = 0, to = length, cursor = null;

  const svg = (name, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const seconds = (ms, digits = 3) => (begin + ms / 1000).toFixed(digits);

  // Zoom ----------------------------------------------------------------------------------

  const step = (least) => {
    const power = 10 ** Math.floor(Math.log10(least));
    return [1, 2, 5, 10].map((f) => f * power).find((s) => s >= least * (1 - 1e-9));
  };

  // Of the seconds that are shown, about eight.
  const ticks = () => {
    const low = begin + from / 1000, high = begin + to / 1000, width = step((high - low) / 8);
    const digits = Math.max(0, Math.ceil(-Math.log10(width) - 1e-9));
    const all = [];
    for (let i = Math.ceil(low / width); i * width <= high && all.length < 20; i++)
      all.push({ ms: (i * width - begin) * 1000, text: (i * width).toFixed(digits) });
    return all;
  };

  const show = (low, high, remember = true) => {
    const width = Math.min(length, Math.max(shortest, high - low));
    from = Math.min(Math.max(0, low), length - width);
    to = from + width;
    for (const each of data) each.setAttribute("viewBox", `${from} 0 ${width} 1000`);
    const place = (text, ms) => {
      const part = (ms - from) / width;
      text.setAttribute("x", `${part * 100}%`);
      text.style.display = part < 0 || part > 1 ? "none" : "";
    };
    for (const text of labels) {
      const t = Number(text.dataset.t), end = Number(text.dataset.end ?? t);
      place(text, t < from && from < end ? from : t);
    }
    const now = ticks();
    for (const grid of root.querySelectorAll(".grid.time"))
      grid.setAttribute("d", now.map((tick) => `M${tick.ms} 0V1000`).join(""));
    const axis = root.querySelector(".time .frame");
    for (const old of axis.querySelectorAll("text")) old.remove();
    for (const tick of now) {
      const text = svg("text", { class: "tick axis", y: 13 });
      text.textContent = tick.text;
      axis.append(text);
      place(text, tick.ms);
    }
    root.dataset.from = seconds(from);
    root.dataset.to = seconds(to);
    const whole = from === 0 && to === length;
    if (remember)
      history.replaceState(null, "", whole ? location.pathname + location.search : `#t=${seconds(from)}-${seconds(to)}`);
  };
  const zoom = (factor, around = (from + to) / 2) =>
    show(around - (around - from) * factor, around + (to - around) * factor);
  const pan = (part) => show(from + part * (to - from), to + part * (to - from));
  const reset = () => show(0, length);

  const tools = root.querySelector(".tools");
  const button = (name, action) => {
    const node = document.createElement("button");
    node.type = "button";
    node.textContent = name;
    node.addEventListener("click", action);
    tools.append(node);
  };
  button("Zoom in", () => zoom(0.5, cursor ?? undefined));
  button("Zoom out", () => zoom(2, cursor ?? undefined));
  button("← Earlier", () => pan(-0.5));
  button("Later →", () => pan(0.5));
  button("Whole run", reset);

  // A link to a moment: #t=12.5-20, or #t=12.5 ---------------------------------------------

  const follow = () => {
    const match = /^#t=(-?[0-9.]+)(?:-(-?[0-9.]+))?$/.exec(location.hash);
    if (!match) return;
    const low = Number(match[1]), high = match[2] === undefined ? low + 5 : Number(match[2]);
    if (!(high > low)) return;
    show((low - begin) * 1000, (high - begin) * 1000, false);
    root.scrollIntoView({ block: "nearest" });
  };
  addEventListener("hashchange", follow);

  // What lies under the cursor -------------------------------------------------------------

  const parsed = new Map(); // of a path, its dots
  const dots = (path) => {
    if (!parsed.has(path)) {
      const details = path.dataset.dots.split(" ");
      parsed.set(path, path.getAttribute("d").slice(1).split("M").map((text, i) => {
        const [x, y] = text.split(/[ hv]/).map(Number);
        return { x, y, detail: details[i] };
      }));
    }
    return parsed.get(path);
  };
  const visible = (path) => path.dataset.dots !== undefined && path.style.display !== "none";

  // The nearest to a place, in pixels; null where none is near.
  const nearest = (panel, ms, y, reach) => {
    const box = panel.getBoundingClientRect();
    const across = box.width / (to - from), down = box.height / 1000;
    let best = null, least = reach * reach;
    for (const path of panel.querySelectorAll(".dots")) {
      if (!visible(path)) continue;
      for (const dot of dots(path)) {
        const distance = ((dot.x - ms) * across) ** 2 + (y === null ? 0 : ((dot.y - y) * down) ** 2);
        if (distance < least) [least, best] = [distance, { ...dot, series: path.classList }];
      }
    }
    return best;
  };

  const words = (dot) => {
    const [count, process, producer, counter, sequence, , latency] = dot.detail.split(".").map((f) => f === "" ? null : parseInt(f, 36));
    const kind = dot.series[1], outcome = dot.series[2], answer = answers[Number(dot.detail.split(".")[5])];
    const value = counter ? ` ${producer}/${counter}` : "";
    const took = latency === null ? "never answered" : latency < 1000 ? `after ${latency} µs` : latency < 1e6 ? `after ${(latency / 1000).toPrecision(3)} ms` : `after ${(latency / 1e6).toPrecision(3)} s`;
    const others = count > 1 ? `; stands for ${count} such operations nearby, this is the first` : "";
    return `${kind}${value} by client ${process} at ${seconds(dot.x)} s: ${outcome}${answer ? ", " + answer : ""}${sequence ? ", sequence " + sequence : ""}, ${took}${others}`;
  };

  const rates = root.querySelector(".rates");
  const bins = rates.dataset.bins.split(" ").map((bin) => bin.split(",").map(Number));
  const binWidth = Number(rates.dataset.width);
  const rate = (ms) => {
    const bin = bins[Math.min(bins.length - 1, Math.max(0, Math.floor(ms / binWidth)))];
    return bin.map((n) => Math.round((n * 1000) / binWidth));
  };

  const lines = data.map((each) => {
    const line = svg("line", { class: "cursor", y1: 0, y2: 1000, visibility: "hidden" });
    each.append(line);
    return line;
  });
  const say = (ms, dot) => {
    cursor = ms;
    for (const line of lines) {
      line.setAttribute("x1", ms);
      line.setAttribute("x2", ms);
      line.setAttribute("visibility", "visible");
    }
    const [writes, reads, deliveries] = rate(ms);
    readout.textContent = `${seconds(ms)} s: ${writes} writes/s, ${reads} reads/s, ${deliveries} deliveries/s. ${dot ? words(dot) : ""}`;
  };

  const place = (event) => {
    const panel = event.target.closest("svg.frame")?.querySelector("svg.data") ?? data[0];
    const box = data[0].closest("svg.frame").getBoundingClientRect();
    const own = panel.closest("svg.frame").getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return { panel, ms: from + part * (to - from), y: ((event.clientY - own.top) / own.height) * 1000 };
  };

  // Drag to choose a stretch, double-click for all -------------------------------------------

  let dragged = null;
  const selections = data.map((each) => {
    const box = svg("rect", { class: "selection", y: 0, height: 1000, width: 0, x: 0 });
    each.append(box);
    return box;
  });
  const select = (low, high) => {
    for (const box of selections) {
      box.setAttribute("x", low);
      box.setAttribute("width", high - low);
    }
  };
  panels.addEventListener("pointerdown", (event) => {
    if (event.button === 0) dragged = place(event).ms;
  });
  panels.addEventListener("pointermove", (event) => {
    const at = place(event);
    if (dragged !== null && event.pointerType === "mouse")
      select(Math.min(dragged, at.ms), Math.max(dragged, at.ms));
    say(at.ms, nearest(at.panel, at.ms, at.y, 14));
  });
  addEventListener("pointerup", (event) => {
    if (dragged === null) return;
    const { ms, panel, y } = place(event);
    const low = Math.min(dragged, ms), high = Math.max(dragged, ms);
    dragged = null;
    select(0, 0);
    if (high - low > (to - from) / 50 && event.pointerType === "mouse") show(low, high);
    else if (panels.contains(event.target)) say(ms, nearest(panel, ms, y, 14));
  });
  addEventListener("pointercancel", () => { dragged = null; select(0, 0); });
  panels.addEventListener("dblclick", reset);

  // Keyboard -------------------------------------------------------------------------------

  panels.tabIndex = 0;
  panels.setAttribute("role", "application");
  panels.setAttribute("aria-label", "Plot: arrows move the cursor, Shift and arrows what is shown, plus and minus zoom, Home shows the whole run");
  readout.setAttribute("aria-live", "polite");
  const latencies = [...root.querySelectorAll(".latencies svg.data")];
  const move = (part) => {
    const ms = Math.min(to, Math.max(from, (cursor ?? (from + to) / 2) + part * (to - from)));
    const near = latencies.map((panel) => nearest(panel, ms, null, 10)).filter(Boolean);
    say(ms, near.sort((a, b) => Math.abs(a.x - ms) - Math.abs(b.x - ms))[0]);
  };
  panels.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const actions = {
      ArrowLeft: () => (event.shiftKey ? pan(-0.25) : move(-0.01)),
      ArrowRight: () => (event.shiftKey ? pan(0.25) : move(0.01)),
      "+": () => zoom(0.5, cursor ?? undefined),
      "=": () => zoom(0.5, cursor ?? undefined),
      "-": () => zoom(2, cursor ?? undefined),
      Home: reset,
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  });

  // Toggles --------------------------------------------------------------------------------

  for (const box of root.querySelectorAll(".legend input"))
    box.addEventListener("change", () => {
      for (const path of root.querySelectorAll(".panels " + box.dataset.series))
        path.style.display = box.checked ? "" : "none";
    });

  show(0, length, false);
  follow();
})();
