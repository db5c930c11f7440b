#compdef sallyport
# Completion for zsh. Options and their words are read from the program's own
# --help when the key is pressed, and so are never out of date.
_sallyport_word_or_file()
{
	compadd -- "$@"
	_files
}

_sallyport()
{
	local name letter form help action
	local -a match mbegin mend specs lines firsts proxies orders

	lines=("${(@f)$(${words[1]:-sallyport} --help 2>/dev/null)}")
	local -i i
	for ((i = 1; i <= $#lines; i++)); do
		if [[ $lines[i] =~ '^[a-z]*:* *sallyport ([a-z][a-z][a-z]+)' ]]; then
			firsts+=$match[1]
		fi
		[[ $lines[i] =~ '^  (-(.), )?--([a-z0-9-]+)( (.*))?$' ]] || continue
		letter=$match[2] name=$match[3] form=$match[5]
		help=${${lines[i + 1]## #}//(#m)[\[\]:]/\\$MATCH}
		action=
		if [[ -n $form ]]; then
			local -a choices=(${(M)${(s:|:)form}:#[a-z0-9][a-z0-9-]#})
			action=":${form//:/\\:}:"
			if [[ $form == *(PATH|FILE)* ]]; then
				action+="{_sallyport_word_or_file $choices}"
			elif (($#choices)); then
				action+="($choices)"
			else
				action+=' '
			fi
			specs+=("*--${name}=[$help]$action")
		else
			specs+=("--${name}[$help]")
		fi
		[[ -z $letter ]] || specs+=("-${letter}[$help]$action")
	done
	proxies=(/etc/sallyport/*.conf(N:t:r))
	if [[ $words[2] == control ]]; then
		orders=("${(@f)$($words[1] control $words[3] help 2>/dev/null)}")
		orders=(${orders%% *})
	fi
	_arguments -S $specs "1: :($firsts)" "2: :($proxies)" \
		"3: :($orders)"
}
_sallyport "$@"
