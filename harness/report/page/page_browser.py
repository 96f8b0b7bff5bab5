#!/usr/bin/python3
"""Opens a page in headless Chromium and tries what a reader would: for page_browser_test.cc.

Usage: page_browser.py plot|text FILE

Says what is wrong, one line each. Exit codes: 0 nothing, 1 something.
"""

import json
import pathlib
import sys

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.chrome.service import Service

what, address = sys.argv[1], pathlib.Path(sys.argv[2]).as_uri()
wrong = []


def check(holds, complaint):
    if not holds:
        wrong.append(complaint)


# Of WCAG 2.1, success criterion 1.4.3, for the text that is seen: [text, ratio] below 4.5 to 1.
CONTRAST = """
const light = (c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
const rgb = (text) => text.match(/[0-9.]+/g).map(Number);
const behind = (node) => {
  for (; node; node = node.parentElement) {
    const colour = rgb(getComputedStyle(node).backgroundColor);
    if (colour.length === 3 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const bad = [];
for (const node of document.querySelectorAll("main *")) {
  const own = [...node.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
  if (!own || node.getClientRects().length === 0) continue;
  const style = getComputedStyle(node), svg = node instanceof SVGElement;
  const a = luminance(rgb(svg ? style.fill : style.color)), b = luminance(behind(node));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) bad.push([node.textContent.slice(0, 40), ratio]);
}
return bad;
"""


def open_browser(scripts=True):
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    if not scripts:
        options.add_experimental_option(
            "prefs", {"profile.managed_default_content_settings.javascript": 2})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def view_box(browser):
    return browser.execute_script(
        "return document.querySelector('svg.data').getAttribute('viewBox').split(' ').map(Number)")


def emulate(browser, width, scheme):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                            {"features": [{"name": "prefers-color-scheme", "value": scheme}]})


def looks(browser):
    for scheme in ("light", "dark"):
        for width in (320, 1280):
            emulate(browser, width, scheme)
            wide = browser.execute_script("return document.documentElement.scrollWidth")
            check(wide <= width, f"at {width} px the page is {wide} wide")
        for text, ratio in browser.execute_script(CONTRAST):
            check(False, f"{scheme}: contrast {ratio:.2f} of '{text}'")
    emulate(browser, 1280, "light")


def zooms(browser):
    press = lambda name: browser.find_element(By.XPATH, f"//button[text()='{name}']").click()
    whole = view_box(browser)
    press("Zoom in")
    check(abs(view_box(browser)[2] - whole[2] / 2) < whole[2] / 100, "'Zoom in' does not halve what is shown")
    check("#t=" in browser.current_url, "zooming leaves no link to the moment")
    press("Whole run")
    check(view_box(browser) == whole, "'Whole run' does not show the whole run")
    panels = browser.find_element(By.CSS_SELECTOR, ".panels")
    panels.send_keys("+")
    check(view_box(browser)[2] < whole[2], "the key + does not zoom")
    panels.send_keys(Keys.HOME)
    check(view_box(browser) == whole, "the key Home does not show the whole run")
    panels.send_keys(Keys.ARROW_RIGHT)
    check("writes/s" in browser.find_element(By.CSS_SELECTOR, ".readout").text, "the arrows say nothing")
    frame = browser.find_element(By.CSS_SELECTOR, ".latencies svg.frame")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", frame)
    ActionChains(browser).move_to_element_with_offset(frame, -200, 0).click_and_hold().move_by_offset(
        300, 0).release().perform()
    box = view_box(browser)
    check(0.2 < box[2] / whole[2] < 0.3, f"dragging over a quarter of the plot shows {box[2] / whole[2]:.3f} of it")
    ticks = browser.execute_script("return [...document.querySelectorAll('.time text')].map((t) => t.textContent)")
    check(2 <= len(ticks) <= 20, f"zoomed there are {len(ticks)} ticks")
    ActionChains(browser).double_click(frame).perform()
    check(view_box(browser) == whole, "a double click does not show the whole run")


def hovers(browser):
    found = browser.execute_script("""
      const path = [...document.querySelectorAll('.dots[data-dots]')][0];
      const [x, y] = path.getAttribute('d').slice(1).split(/[ hvM]/).map(Number);
      const frame = path.closest('svg.frame'), box = frame.getBoundingClientRect();
      frame.scrollIntoView({block: 'center'});
      const view = path.closest('svg.data').getAttribute('viewBox').split(' ').map(Number);
      const now = frame.getBoundingClientRect();
      frame.dispatchEvent(new PointerEvent('pointermove', {bubbles: true, pointerType: 'mouse',
        clientX: now.left + (x - view[0]) / view[2] * now.width, clientY: now.top + y / 1000 * now.height}));
      return document.querySelector('.readout').textContent;""")
    check("by client" in found, f"hovering over a dot says '{found}'")


def toggles(browser):
    for box in browser.find_elements(By.CSS_SELECTOR, ".legend input"):
        path = browser.find_element(By.CSS_SELECTOR, ".panels " + box.get_attribute("data-series"))
        shown = lambda: browser.execute_script("return getComputedStyle(arguments[0]).display", path) != "none"
        check(shown(), "a series is hidden at first")
        box.click()
        check(not shown(), "a toggle does not hide its series")
        box.click()
        check(shown(), "a toggle does not show its series again")


def links(browser):
    begin = float(browser.find_element(By.CSS_SELECTOR, ".plot").get_attribute("data-begin"))
    length = view_box(browser)[2] / 1000
    low, high = begin + length / 4, begin + length / 2
    browser.get(f"{address}#t={low:.6f}-{high:.6f}")
    box = view_box(browser)
    check(abs(box[0] / 1000 + begin - low) < length / 500 and abs(box[2] / 1000 - (high - low)) < length / 500,
          f"#t= from {low} to {high} s of {length} shows {box}")


def requests(browser):
    asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return {
        message["params"]["request"]["url"].split("#")[0]
        for message in asked
        if message["method"] == "Network.requestWillBeSent"
    }


browser = open_browser()
try:
    browser.get(address)
    check(browser.find_elements(By.TAG_NAME, "h1"), "there is no h1")
    looks(browser)
    if what == "plot":
        zooms(browser)
        toggles(browser)
        hovers(browser)
        links(browser)
    for entry in browser.get_log("browser"):
        check(False, f"console: {entry['message']}")
    outside = requests(browser) - {address}
    check(not outside, f"asks for {outside}")
finally:
    browser.quit()

if what == "plot":
    browser = open_browser(scripts=False)
    try:
        browser.get(address)
        check(not browser.find_elements(By.CSS_SELECTOR, ".tools button"), "without a script there are buttons")
        for dot in browser.find_elements(By.CSS_SELECTOR, "svg.frame"):
            check(dot.size["height"] > 10 and dot.size["width"] > 100, "without a script a panel is not drawn")
        check(browser.find_elements(By.CSS_SELECTOR, ".time text"), "without a script the axis has no ticks")
    finally:
        browser.quit()

for complaint in wrong:
    print(complaint)
sys.exit(1 if wrong else 0)
