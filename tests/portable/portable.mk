# What becomes of the source elsewhere: other compilers, machines, systems.
TESTS += tests/portable/make.sh
