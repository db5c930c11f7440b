# zsh -f complete.zsh DIRECTORY LINE: an interactive zsh with the functions of
# DIRECTORY completes LINE once; what it makes of it is printed.
zmodload zsh/zpty zsh/zselect
done=$TMPDIR/completed
rm -f $done $done.ready
zpty shell zsh -f -i
zpty -w shell "fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D" \
	"; finish() { zle complete-word; print -r -- \"\$BUFFER\" >$done.new" \
	"; mv $done.new $done }; zle -N finish; bindkey '^X' finish" \
	"; touch $done.ready"

# Reads what the shell shows, so that it is never held up; no file in a minute
# is a failure.
wait_for()
{
	repeat 600; do
		[[ ! -e $1 ]] || return 0
		zpty -r -t shell shown
		zselect -t 10
	done
	return 1
}
wait_for $done.ready && zpty -w -n shell "$2"$'\x18' && wait_for $done &&
	cat $done
result=$?
zpty -d shell
exit $result
