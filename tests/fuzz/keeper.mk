FUZZERS += admin_request control_words
FUZZ_admin_request := src/keeper/admin_request.c src/base/addr.c src/base/scan.c
FUZZ_control_words := src/keeper/control_words.c src/base/addr.c src/base/scan.c
