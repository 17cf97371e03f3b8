# Lets bash complete the command line of seawall. Load it with: source <(seawall completion bash)
_seawall() {
  local program=@PROGRAM@ kind line
  [[ -x $program ]] || program=seawall
  COMPREPLY=()
  {
    IFS=$'\t' read -r kind line
    while IFS= read -r line; do
      COMPREPLY+=("$line")
    done
  } < <(command "$program" completion answer bash "$2" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  case $kind in
    files) ;; # readline completes names when there are no words
    directories) compopt +o default -o dirnames ;;
    list) compopt +o default -o nospace ;;
    *) compopt +o default ;;
  esac 2>/dev/null
}
complete -o default -F _seawall seawall
