#compdef seawall
# Lets zsh complete the command line of seawall. Load it with: source <(seawall completion zsh)
_seawall() {
  local program=@PROGRAM@ kind prefix
  local -a answer
  [[ -x $program ]] || program=seawall
  answer=("${(@f)$(command "$program" completion answer zsh \
    "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  kind=${answer[1]%%$'\t'*}
  prefix=${answer[1]#*$'\t'}
  answer=("${(@)answer[2,-1]}")
  [[ -z $prefix ]] || compset -P "${(b)prefix}"
  case $kind in
    files) _files ;;
    directories) _files -/ ;;
    list) _describe -V seawall answer -S '' ;;
    values) _describe -V seawall answer ;;
  esac
}
if [[ ${funcstack[1]} == _seawall ]]; then
  _seawall "$@"
else
  compdef _seawall seawall
fi
