// What the provider kubernetes must be allowed to do, asked of the API server
// itself (SelfSubjectAccessReview).
#pragma once

#include <string>
#include <vector>

#include "harness/kubernetes/api/kubernetes.h"
#include "harness/kubernetes/target_file.h"

namespace faultline {

struct Permission {
  std::string verb, group, resource;
  std::string namespace_name;       // empty: of the whole cluster
  std::string name;                 // empty: any
  std::vector<std::string> faults;  // that need it; empty: all of them
};

// For the faults that the file allows.
std::vector<Permission> permissions_for(const TargetFile&);

// "delete pods in messaging"
std::string to_string(const Permission&);

bool is_granted(Kubernetes&, const Permission&);

}  // namespace faultline
