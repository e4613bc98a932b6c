// The script that `esteira completion bash` prints, with marks for what the program knows.
#pragma once

#include <string_view>

namespace esteira::cli {

inline constexpr std::string_view bash_completion =
    R"bash(# bash completion for esteira: source <(esteira completion bash)
_esteira() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local verb='' word words='' index=1
  COMPREPLY=()

  case $previous in
    --config) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --status) COMPREPLY=($(compgen -W 'PENDING PROCESSING COMPLETED FAILED CANCELLED' -- "$current")); return ;;
    --type | --types) COMPREPLY=($(compgen -W "$(_esteira_types)" -- "$current")); return ;;
    --database) COMPREPLY=($(compgen -W 'sqlite: postgresql://' -- "$current")); return ;;
    --back-off-jitter) COMPREPLY=($(compgen -W 'on off' -- "$current")); return ;;
  esac

  # The verb: the first one or two words that are no options and no option's value.
  while [ "$index" -lt "$COMP_CWORD" ]; do
    word=${COMP_WORDS[index]}
    case $word in
      --config | --database) index=$((index + 1)) ;;
      -*) ;;
      *)
        case $verb in
          '') verb=$word ;;
          task | type | migrate | completion) verb="$verb $word" ;;
        esac
        ;;
    esac
    index=$((index + 1))
  done

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

# The types that the database knows; nothing where it does not answer.
_esteira_types() {
  esteira type list 2>/dev/null </dev/null | awk 'NR > 1 { print $1 }'
}

complete -F _esteira esteira
)bash";

}  // namespace esteira::cli
