# shellcheck shell=bash
# Completion for bash. Options and their words are read from the program's own
# --help when the key is pressed, and so are never out of date.
_sallyport()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local help forms form names

	# `--name=VALUE` comes as three words.
	if [ "$cur" = = ]; then
		cur=
	elif [ "$prev" = = ]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	help=$("$1" --help 2>/dev/null)
	forms=$(sed -n 's/^  \(-., \)\{0,1\}--//p' <<<"$help")
	[ "$prev" != -c ] || prev=--config
	COMPREPLY=()
	case $prev in
	--*) form=$(sed -n "s/^${prev#--} //p" <<<"$forms") ;;
	status | control)
		names=$(sed -n 's|.*/\(.*\)\.conf$|\1|p' \
			<<<"$(compgen -G '/etc/sallyport/*.conf')")
		mapfile -t COMPREPLY < <(compgen -W "$names" -- "$cur")
		return
		;;
	esac
	if [ -n "$form" ]; then
		names=$(tr '|' '\n' <<<"$form" | grep -x '[a-z0-9][a-z0-9-]*')
		case $form in
		*PATH* | *FILE*)
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -W "$names" -- "$cur")
			return
			;;
		esac
	elif [[ $cur == -* ]]; then
		names=$(sed 's/^/--/; s/ .*//' <<<"$forms")
	elif [ "${COMP_WORDS[1]}" = control ] && [ "$COMP_CWORD" -eq 3 ]; then
		names=$("$1" control "$prev" help 2>/dev/null | sed 's/ .*//')
	elif [ "$COMP_CWORD" -eq 1 ]; then
		names=$(sed -n 's/^[a-z]*:* *sallyport \([a-z]\{3,\}\).*/\1/p' \
			<<<"$help")
	fi
	mapfile -t COMPREPLY < <(compgen -W "$names" -- "$cur")
}
complete -F _sallyport sallyport
