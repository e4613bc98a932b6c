// The script that `esteira completion bash` prints, with marks for what the program knows.
#pragma once

#include <string_view>

namespace esteira::cli {

inline constexpr std::string_view bash_completion =
    R"bash(# bash completion for esteira: source <(esteira completion bash)
_esteira() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local verb='' word words='' index line=() given=()
  COMPREPLY=()
  _esteira_line

  # The verb: the first one or two words that are no options and no option's value.
  for ((index = 1; index < ${#line[@]}; index++)); do
    word=${line[index]}
    case $word in
      --config | --database | --server | --key | --ca)
        given+=("$word" "${line[index + 1]:-}")
        index=$((index + 1))
        ;;
      --config=* | --database=* | --server=* | --key=* | --ca=*) given+=("$word") ;;
      -*) ;;
      *)
        case $verb in
          '') verb=$word ;;
          task | type | migrate | completion) verb="$verb $word" ;;
        esac
        ;;
    esac
  done

  case $previous in
    --config | --ca) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --status) COMPREPLY=($(compgen -W 'PENDING PROCESSING COMPLETED FAILED CANCELLED' -- "$current")); return ;;
    --type | --types) COMPREPLY=($(compgen -W "$(_esteira_types)" -- "$current")); return ;;
    --database) COMPREPLY=($(compgen -W 'sqlite: postgresql://' -- "$current")); return ;;
    --back-off-jitter) COMPREPLY=($(compgen -W 'on off' -- "$current")); return ;;
  esac

  case $verb in
    '') words='@FIRST_WORDS@' ;;
@CASES@  esac
  if [ "$verb" = 'task create' ] || [ "${verb#type }" != "$verb" ]; then
    [ "${current#-}" = "$current" ] && words="$words $(_esteira_types)"
  fi
  if [ "$verb" = 'task import' ] && [ "${current#-}" = "$current" ]; then
    COMPREPLY=($(compgen -f -- "$current"))
    return
  fi
  case $current in
    -*) words="$words --database --config --json --help" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}

# The words before the one that is typed. Bash splits them at ":" and "=", as in sqlite:x.db.
_esteira_line() {
  local glued=yes
  for word in "${COMP_WORDS[@]:0:COMP_CWORD}"; do
    case $word in
      [:=]*) glued=yes ;;
      *) [ "$glued" ] || line+=('') ;;
    esac
    [ "${#line[@]}" -gt 0 ] || line=('')
    line[-1]+=$word
    case $word in
      [:=]*) ;;
      *) glued='' ;;
    esac
  done
}

# The types that the database knows; nothing where it does not answer. Asking for the types makes a
# SQLite file that is not there, asking for its state does not. A server has no file to be made.
_esteira_types() {
  case " ${given[*]}" in
    *' --server'*) ;;
    *)
      esteira migrate status --json "${given[@]}" 2>/dev/null </dev/null |
        grep -q '"usable": *true' || return
      ;;
  esac
  esteira type list "${given[@]}" 2>/dev/null </dev/null | awk 'NR > 1 { print $1 }'
}

complete -F _esteira esteira
)bash";

}  // namespace esteira::cli
