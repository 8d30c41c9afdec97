# Of about.tsv, events.tsv and samples.tsv, in this order: a page with plots
# (-v form=html), or a line for every bound, "held" or "broken" and what it is.
# -v judge=no: a short run, in which memory and the threads of codecs say
# nothing.  Any awk, with -f page.awk before it.
BEGIN { FS = "\t" }

FILENAME ~ /about\.tsv$/ { about[++abouts] = $1 ": " $2; next }

FILENAME ~ /events\.tsv$/ {
	event_at[++events] = $1
	event[events] = $2
	next
}

# seconds phase asked role pid KiB descriptors threads.  A sample is what has
# the same second, phase and count; a role's figures in it are sums.
{
	if ($1 SUBSEP $2 SUBSEP $3 != sample) {
		sample = $1 SUBSEP $2 SUBSEP $3
		second[++samples] = $1
		phase[samples] = $2
		asked[samples] = $3
		if ($2 != "busy")
			quiet[++quiets] = samples
	}
	processes[samples, $4]++
	kib[samples, $4] += $6
	fds[samples, $4] += $7
	threads[samples, $4] += $8
}

END {
	roles = split("master front converter", role, " ")
	for (i = 1; i <= samples; i++)
		for (r = 1; r <= roles; r++) {
			kib[i, "all"] += kib[i, role[r]]
			fds[i, "all"] += fds[i, role[r]]
			threads[i, "all"] += threads[i, role[r]]
		}
	role[++roles] = "all"
	if (quiets == 0)
		exit 2
	judge_all = judge != "no"
	judge_quiet()
	if (form == "html")
		page()
	else
		for (i = 1; i <= verdicts; i++)
			print verdict[i]
}

function tell(good, what) {
	verdict[++verdicts] = (good ? "held" : "broken") " " what
}

# Against the first part's end, when everything is warm.
function judge_quiet(	r, a, z, i) {
	for (i = 1; i <= quiets; i++) {
		if (phase[quiet[i]] == "first")
			a = quiet[i]
		if (phase[quiet[i]] == "last")
			z = quiet[i]
	}
	for (r = 1; r <= roles && judge_all; r++)
		judge_memory(role[r], a, z)
	if (z != quiet[quiets] && judge_all)
		judge_memory("master", a, quiet[quiets])
	for (r = 1; r < roles; r++) {
		judge_same("descriptors", fds, role[r], ".")
		if (judge_all || role[r] != "converter")
			judge_same("threads", threads, role[r],
			    role[r] == "converter" ? "first|last|after" : ".")
	}
}

function judge_memory(name, a, z,	ratio) {
	if (kib[a, name] == 0)
		return
	ratio = kib[z, name] / kib[a, name]
	tell(ratio <= 1.10, sprintf("memory of %s after %d requests " \
	    "%.1f MiB, %.3f times that after %d, at most 1.10", name, asked[z],
	    kib[z, name] / 1024, ratio, asked[a]))
}

# In the phases that fit.
function judge_same(what, figure, name, phases,	i, list, first, same) {
	first = figure[quiet[1], name]
	same = 1
	for (i = 1; i <= quiets; i++) {
		if (phase[quiet[i]] !~ phases)
			continue
		same = same && figure[quiet[i], name] == first
		list = list " " figure[quiet[i], name] + 0
	}
	tell(same, what " of " name ", each time the same:" list)
}

# --- the page ------------------------------------------------------------

function page(	i) {
	page_head("What the processes hold")
	print "<ul>"
	for (i = 1; i <= abouts; i++)
		print "<li>" escape(about[i]) "</li>"
	print "</ul><p>Looked at every second, and after each part, when " \
	    "nothing was under way: those are the rings, and what is " \
	    "judged. Below: reloads (R), dead fronts (F). Converters " \
	    "together.</p><ul>"
	for (i = 1; i <= verdicts; i++)
		print "<li>" escape(verdict[i]) "</li>"
	print "</ul>"
	draw("Resident memory, MiB", kib, 1024)
	draw("Descriptors", fds, 1)
	draw("Threads", threads, 1)
}

function x_of(t) {
	return 60 + 550 * t / (second[samples] > 0 ? second[samples] : 1)
}

function y_of(v, high) {
	return 295 - 270 * v / high
}

function draw(what, figure, unit,	i, r, high, step) {
	high = 1
	for (i = 1; i <= samples; i++)
		if (figure[i, "all"] / unit > high)
			high = figure[i, "all"] / unit
	step = 10 ^ int(log(high) / log(10))
	while (high / step < 4)
		step /= 2
	print "<section><h2>" what "</h2>"
	plot_begin("")
	for (i = 0; i <= high; i += step)
		plot_rule(y_of(i, high), i)
	for (i = 1; i <= events; i++)
		if (event[i] != "converter")
			plot_mark(x_of(event_at[i]),
			    toupper(substr(event[i], 1, 1)))
	plot_mark(610, second[samples] " s")
	for (r = 1; r <= roles; r++)
		draw_role(figure, unit, r, high)
	plot_end()
	print "</section>"
}

function draw_role(figure, unit, r, high,	i, d, at) {
	for (i = 1; i <= samples; i++) {
		at = sprintf("%.1f %.1f", x_of(second[i]),
		    y_of(figure[i, role[r]] / unit, high))
		d = d (d == "" ? "M" : "L") at
		if (phase[i] != "busy") {
			sub(/ /, " cy=", at)
			print "<circle cx=" at " r=3 fill=none stroke=\"" \
			    plot_colour(r) "\"/>"
		}
	}
	plot_line(d, r, role[r], 1.5, "")
}
