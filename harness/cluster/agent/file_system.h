// File systems in image files: system calls, nothing of the project. What
// faultline-agent does inside a worker; Linux only, needs root.
//
// All functions throw std::system_error or std::runtime_error; what() is one line.
#pragma once

#include <string>
#include <vector>

namespace faultline::agent {

// Mounts the image, ext4 or XFS, by a loop device that goes away with its last mount,
// at `point`, which is made if need be. No effect where it is mounted and works; one that
// was shut down is unmounted first. Throws, and makes nothing, where there is no image, it
// is attached elsewhere, or something else is mounted at `point`.
void attach(const std::string& image, const std::string& point);

// Unmounts every mount of the image that this mount namespace has, and those that got
// it from there; waits until its loop device is gone. Throws while somebody else holds
// the file system, naming who ("busy: nats-server (pid 4711)").
void detach(const std::string& image);

// Detaches the image and deletes it and the folder `point`. An image whose folder was moved
// or deleted is known by what is mounted at `point`. No effect where nothing is left.
void remove(const std::string& image, const std::string& point);

// EXT4_IOC_SHUTDOWN (linux/fs/ext4/ext4.h), XFS_IOC_GOINGDOWN: every access fails with EIO
// from now on. Flag 0 writes back first, flag 2 forgets what was not synced.
void shut_down(const std::string& point, unsigned flag);

// Writes and syncs a file of one block, without a name. Throws where that does
// not work, or nothing is mounted there.
void probe(const std::string& point);

// Takes every free byte with one file, or gives it back.
void fill(const std::string& point);
void unfill(const std::string& point);
bool filled(const std::string& point);

// SIGKILL to every process of another mount namespace that has the image's file
// system mounted: the containers on it. Returns them by name and pid. Only where
// nothing but containers has mount namespaces, as in a node of kind: elsewhere services
// have them too.
std::vector<std::string> kill_holders(const std::string& image);

// Both at once: kill_holders, and shut_down with flag 2. Nobody has time to be
// told EIO, nor the kernel to write back.
void cut_power(const std::string& image, const std::string& point);

}  // namespace faultline::agent
