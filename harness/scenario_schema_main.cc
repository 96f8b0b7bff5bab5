// Prints scenarios/schema.json; `ninja scenario-schema` writes it.
#include <iostream>

#include "harness/scenario_keys.h"

int main() { std::cout << faultline::scenario_schema(); }
