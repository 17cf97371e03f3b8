# Lets fish complete the command line of seawall. Load it with: seawall completion fish | source
function __seawall_complete
    set -l program @PROGRAM@
    test -x "$program"; or set program seawall
    set -l words (commandline -opc)[2..-1]
    set -l current (commandline -ct)
    set -l answer (command $program completion answer fish $words "$current" 2>/dev/null)
    set -l first (string split -m 1 \t -- $answer[1])
    switch "$first[1]"
        case values list
            printf '%s\n' $answer[2..-1]
        case files directories
            set -l prefix "$first[2]"
            set -l rest (string sub -s (math 1 + (string length -- "$prefix")) -- "$current")
            set -l paths
            if test $first[1] = files
                set paths (__fish_complete_path "$rest")
            else
                set paths (__fish_complete_directories "$rest")
            end
            for path in $paths
                printf '%s%s\n' "$prefix" "$path"
            end
    end
end
complete -c seawall -f -k -a '(__seawall_complete)'
