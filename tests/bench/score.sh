# shellcheck shell=sh
# How near each picture comes to the ideal one: SSIMULACRA2, 100 is no
# difference.  POSIX sh, sourced by run; fills the last column of $pictures.
#
# The ideal is the whole original scaled by lanczos3 in floating point, in
# sRGB values as every server here scales.  Servers differ in what becomes of
# a height that is no whole number: some cut it, some squeeze the picture by
# less than a row.  Each is compared with both, and the better one counts.

score_ideal() { # file width height: prints the names of the pictures
	score_name=$dir/ideal/$1.$2x$3
	for score_verb in ideal stretch; do
		[ -f "$score_name.$score_verb.png" ] ||
		    "$PICTURE" $score_verb "$root/$1" "$2" "$3" \
			"$score_name.$score_verb.png" || return 1
	done
	echo "$score_name.ideal.png"
	cmp -s "$score_name.ideal.png" "$score_name.stretch.png" ||
	    echo "$score_name.stretch.png"
}

score_one() { # mode server work width file
	score_picture=$dir/pictures/$1.$2.$3.$4.$5
	work_row "$3"
	score_size=$("$PICTURE" check "$score_picture" "$4" "$format" \
	    2>/dev/null) &&
	    VIPS_WARNING=0 "$PICTURE" decode "$score_picture" \
		"$score_picture.png" || return 1
	score_size=${score_size#* }
	for score_name in $(score_ideal "$5" "$4" "${score_size% *}"); do
		ssimulacra2_rs image "$score_name" "$score_picture.png"
	done | awk '
	$1 == "Score:" && (best == "" || $2 > best) { best = $2 }
	END { print best == "" ? "-" : best }'
	rm -f "$score_picture.png"
}

# Every so many-th line, from the given one on.
score_share() { # share
	awk -v share="$1" -v shares="$cores" 'NR % shares == share' \
	    "$pictures" |
	    while read -r mode server work width file bytes score; do
		[ "$score" != - ] || score=$(score_one "$mode" "$server" \
		    "$work" "$width" "$file")
		printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$mode" "$server" \
		    "$work" "$width" "$file" "$bytes" "${score:--}"
	done
}

score_all() {
	say 'scoring'
	mkdir -p "$dir/ideal"
	# One that is made by two at once would be read half made.
	while read -r mode server work width file _; do
		work_row "$work"
		score_size=$("$PICTURE" check \
		    "$dir/pictures/$mode.$server.$work.$width.$file" \
		    "$width" "$format" 2>/dev/null) || continue
		score_size=${score_size#* }
		score_ideal "$file" "$width" "${score_size% *}" >/dev/null
	done <"$pictures"
	share=0 score_pids=
	while [ $share -lt "$cores" ]; do
		score_share $share >"$dir/scores.$share" &
		score_pids="$score_pids $!"
		share=$((share + 1))
	done
	# shellcheck disable=SC2086 # one word a process
	wait $score_pids
	cat "$dir"/scores.* >"$pictures"
}

if command -v ssimulacra2_rs >/dev/null; then
	about score "SSIMULACRA2 by $(ssimulacra2_rs --version)"
	score_all
else
	about score 'none: ssimulacra2_rs is not here'
	say 'no ssimulacra2_rs: no scores'
fi
