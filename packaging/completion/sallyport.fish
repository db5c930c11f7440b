# Completion for fish. Options and their words are read from the program's own
# --help when the file is loaded, and so are never out of date.
complete -c sallyport -f
complete -c sallyport -n '__fish_seen_subcommand_from control; and test (count (commandline -opc)) = 3' \
    -a '(sallyport control (commandline -opc)[3] help 2>/dev/null | string replace -r " .*" "")'
set -l option
for line in (sallyport --help 2>/dev/null)
    if set -q option[1]
        # The line after an option says what it does.
        complete -c sallyport $option -d (string trim -- $line)
        set -e option
    else if set -l parts (string match -r '^  ((?:-., )?)--([a-z0-9-]+) ?(.*)$' -- $line)
        set -- option -l $parts[3]
        test -z "$parts[2]"
        or set -a -- option -s (string sub -s 2 -l 1 -- $parts[2])
        if test -n "$parts[4]"
            set -l words (string match -r '^[a-z0-9][a-z0-9-]*$' -- (string split '|' -- $parts[4]))
            string match -q -r 'PATH|FILE' -- $parts[4]
            and set -a words '(__fish_complete_path)'
            set -a -- option -x -a "$words"
        end
    else if set -l command (string match -r '^(?:usage:)? *sallyport ([a-z]{3,})' -- $line)
        complete -c sallyport -n __fish_use_subcommand -a $command[2]
        complete -c sallyport -n "__fish_seen_subcommand_from $command[2]" \
            -a '(path basename /etc/sallyport/*.conf | string replace .conf "")'
    end
end
