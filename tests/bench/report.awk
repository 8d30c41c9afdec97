# Tables, and with -v form=html a page with plots, from about.tsv,
# pictures.tsv and raw.tsv in this order.  Any awk, with -f page.awk before it.
BEGIN { FS = "\t" }
FILENAME != last { files++; last = FILENAME }

# about: what the run was.
files == 1 && $1 == "note" { note[$2] = note[$2] " " $3; next }
files == 1 { abouts++; about_key[abouts] = $1; about[abouts] = $2; next }

# pictures: mode server work width file bytes score.
files == 2 {
	key = $1 SUBSEP $3 SUBSEP $2
	bytes[key] += $6
	made[key]++
	if ($7 != "-") {
		score[key] += $7
		scored[key]++
	}
	next
}

# raw: mode round server work width images errors cpu s p50 p99 kib.
# A cell's figure is the median of its rounds, and so is a ratio: of rounds,
# in which both sides met the same neighbours.
{
	know(modes, mode_name, $1)
	know(servers, server_name, $3)
	know(works, work_name, $1 SUBSEP $4)
	if ($4 != "ladder" && $4 != "burst" && $4 != "memory")
		know_width($5)
	if ($2 > rounds[$1])
		rounds[$1] = $2
	if (!(($1, $2) in round_seen)) {
		round_seen[$1, $2] = 1
		round_count[$1]++
	}
	cell = $1 SUBSEP $4 SUBSEP $3 SUBSEP $5 SUBSEP $2
	images[cell] += $6
	errors[$1, $4, $3] += $7
	cpu[cell] += $8
	put("seconds", $9); put("p50", $10); put("p99", $11)
	put("mib", $12 / 1024)
	put("rate", $9 > 0 ? $6 / $9 : 0)
}

END {
	for (i = 1; i <= servers["n"]; i++)
		if (server_name[i] == "imgfcgi")
			ours = server_name[i]
	html = form == "html"
	for (m = 1; m <= modes["n"]; m++) {
		about_key[++abouts] = "rounds"
		about[abouts] = mode_name[m] " " round_count[mode_name[m]]
	}
	head()
	for (m = 1; m <= modes["n"]; m++)
		for (w = 1; w <= works["n"]; w++) {
			split(work_name[w], part, SUBSEP)
			if (part[1] == mode_name[m])
				section(part[1], part[2])
		}
	ahead()
	foot()
}

# --- gathering -----------------------------------------------------------

function know(set, name, value) {
	if (!((value) in set)) {
		set[value] = ++set["n"]
		name[set["n"]] = value
	}
}

function know_width(w) {
	if (!(w in width_seen)) {
		width_seen[w] = 1
		width[++widths] = w
	}
}

function put(what, value) {
	extra[what, $1, $4, $3, $2] = value
}

function median(list, n,	i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && list[j - 1] > list[j]; j--) {
			t = list[j]; list[j] = list[j - 1]; list[j - 1] = t
		}
	if (n == 0)
		return "-"
	return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

# CPU ms an image in one round; width "mean": of all widths.  "-" if not
# measured.
function once(mode, work, server, w, round,	i, sum, ms, key) {
	if (w == "mean") {
		for (i = 1; i <= widths; i++) {
			ms = once(mode, work, server, width[i], round)
			if (ms == "-")
				return "-"
			sum += ms
		}
		return widths > 0 ? sum / widths : "-"
	}
	key = mode SUBSEP work SUBSEP server SUBSEP w SUBSEP round
	return images[key] > 0 ? cpu[key] / images[key] : "-"
}

function figure(mode, work, server, w,	r, ms, list, n) {
	for (r = 1; r <= rounds[mode]; r++)
		if ((ms = once(mode, work, server, w, r)) != "-")
			list[++n] = ms
	return median(list, n + 0)
}

# imgfcgi's CPU over its, below 1: ours is less.
function ratio(mode, work, server, w,	r, a, b, list, n) {
	for (r = 1; r <= rounds[mode]; r++) {
		a = once(mode, work, ours, w, r)
		b = once(mode, work, server, w, r)
		if (a != "-" && b != "-" && b > 0)
			list[++n] = a / b
	}
	return median(list, n + 0)
}

function extra_figure(what, mode, work, server,	r, list, n, key) {
	for (r = 1; r <= rounds[mode]; r++) {
		key = what SUBSEP mode SUBSEP work SUBSEP server SUBSEP r
		if (key in extra)
			list[++n] = extra[key]
	}
	return median(list, n + 0)
}

function show(value, digits) {
	return value == "-" || value == "" ? "-" : \
	    sprintf("%." digits "f", value)
}

# --- tables --------------------------------------------------------------

function is_extra(work) {
	return work == "ladder" || work == "burst" || work == "memory"
}

function add(value, digits) {
	column[++columns] = show(value, digits)
}

# Cells of one row, into column[1..columns]; 0 if there is nothing to say.
function fill(mode, work, server,	i) {
	columns = 0
	if (is_extra(work))
		fill_extra(mode, work, server)
	else
		fill_widths(mode, work, server, mode SUBSEP work SUBSEP server)
	for (i = 1; i <= columns; i++)
		if (column[i] != "-")
			return 1
	return 0
}

function fill_extra(mode, work, server,	w) {
	w = work == "memory" ? 1280 : 0
	if (figure(mode, work, server, w) == "-")
		return
	add(figure(mode, work, server, w), 1)
	add(ratio(mode, work, server, w), 2)
	add(extra_figure("rate", mode, work, server), 1)
	add(extra_figure("p50", mode, work, server), 0)
	add(extra_figure("p99", mode, work, server), 0)
	add(work == "memory" ? extra_figure("mib", mode, work, server) : "-", 0)
	add(errors[mode, work, server], 0)
}

function fill_widths(mode, work, server, key,	i) {
	for (i = 1; i <= widths; i++)
		add(figure(mode, work, server, width[i]), 1)
	add(figure(mode, work, server, "mean"), 1)
	add(ratio(mode, work, server, "mean"), 2)
	add(made[key] > 0 ? bytes[key] / made[key] / 1024 : "-", 1)
	add(scored[key] > 0 ? score[key] / scored[key] : "-", 1)
}

function titles(work,	i) {
	columns = 0
	if (is_extra(work)) {
		split("CPU ms|ours/its|images/s|p50 ms|p99 ms|peak MiB|errors",
		    column, "|")
		columns = 7
		return
	}
	for (i = 1; i <= widths; i++)
		column[++columns] = width[i]
	column[++columns] = "mean"
	column[++columns] = "ours/its"
	column[++columns] = "KiB"
	column[++columns] = "score"
}

function title(mode, work) {
	if (work == "ladder")
		return "Ladder: ten widths of one new photo at once"
	if (work == "burst")
		return "Burst: conversions of all sizes at once"
	if (work == "memory")
		return "Memory: 32 conversions of 12 megapixels at a time"
	return work ", " (mode == "equal" ? "equal quality and effort" : \
	    "each with its own defaults") ": CPU ms an image"
}

function section(mode, work,	i) {
	titles(work)
	if (html)
		print "<section><h2>" title(mode, work) "</h2>"
	else
		print "\n" title(mode, work)
	if (html && !is_extra(work))
		plot(mode, work)
	titles(work)
	table_row("", "th")
	for (i = 1; i <= servers["n"]; i++)
		if (fill(mode, work, server_name[i]))
			table_row(server_name[i], "td")
	if (html)
		print "</table></section>"
}

function table_row(name, tag,	j, line) {
	if (html) {
		line = (name == "" ? "<table>" : "") "<tr><th>" name "</th>"
		for (j = 1; j <= columns; j++)
			line = line "<" tag ">" column[j] "</" tag ">"
		print line "</tr>"
		return
	}
	line = sprintf("%-13s", name)
	for (j = 1; j <= columns; j++)
		line = line sprintf(" %8s", column[j])
	print line
}

# Every cell in which another server needed less CPU.
function ahead(	w, s, i, part) {
	print html ? "<section><h2>Where another needs less CPU</h2><ul>" : \
	    "\nWhere another server needs less CPU"
	for (w = 1; w <= works["n"]; w++) {
		split(work_name[w], part, SUBSEP)
		for (s = 1; s <= servers["n"]; s++) {
			if (kind(server_name[s]) != "peer")
				continue
			if (is_extra(part[2]))
				compare(part[1], part[2], server_name[s],
				    part[2] == "memory" ? 1280 : 0)
			else
				for (i = 1; i <= widths; i++)
					compare(part[1], part[2],
					    server_name[s], width[i])
		}
	}
	if (html)
		print "</ul></section>"
}

function compare(mode, work, server, w,	r, text) {
	r = ratio(mode, work, server, w)
	if (r == "-" || r <= 1)
		return
	text = mode ", " work (w > 0 ? " at " w : "") ": " server \
	    ", ours/its " show(r, 2)
	print html ? "<li>" text "</li>" : "  " text
}

function kind(name) {
	return name == ours ? "ours" : name ~ /^(libvips.*|codecs)$/ ? \
	    "loop" : "peer"
}

# --- the page ------------------------------------------------------------

function head(	i) {
	if (!html) {
		for (i = 1; i <= abouts; i++)
			print about_key[i] ": " about[i]
		print "CPU is user and system of the whole tree of processes," \
		    " nginx included; medians."
		print "ours/its: imgfcgi's CPU over its, below 1 is less."
		return
	}
	page_head("What a picture costs")
	print "<ul>"
	for (i = 1; i <= abouts; i++)
		print "<li>" about_key[i] ": " escape(about[i]) "</li>"
	print "</ul><p>Every server stands behind nginx without a cache and " \
	    "is asked for the same pictures in turn, round by round. CPU is " \
	    "user and system time of its whole tree of processes, nginx " \
	    "included, processes that ended as well. A figure is the median " \
	    "of the rounds; ours/its is the median of the rounds' ratios, " \
	    "imgfcgi's CPU over the other's: below 1 ours is less. KiB and " \
	    "score are means over the pictures; the score is SSIMULACRA2 " \
	    "against the whole original scaled by lanczos3 (100: no " \
	    "difference; 90: none that is seen; 70: high quality). libvips, " \
	    "libvips-npm and codecs are loops in one process without any " \
	    "server, for the floor. All wait as long as it takes.</p>"
	print "<p>What this does not show: other machines, a network, a " \
	    "disk that has to be read, pictures unlike these. Ratios last " \
	    "longer than milliseconds.</p>"
}

function foot(	i) {
	if (!html)
		return
	print "<section><h2>How each is set up</h2><dl>"
	for (i = 1; i <= servers["n"]; i++)
		print "<dt>" server_name[i] "</dt><dd>" \
		    escape(note[server_name[i]]) "</dd>"
	print "</dl></section>"
}

# CPU over width, both in equal steps for equal factors.
function plot(mode, work,	i, j, v, low, high) {
	low = high = 0
	for (i = 1; i <= servers["n"]; i++)
		for (j = 1; j <= widths; j++) {
			v = figure(mode, work, server_name[i], width[j])
			if (v == "-" || v <= 0)
				continue
			if (low == 0 || v < low)
				low = v
			if (v > high)
				high = v
		}
	if (high <= 0)
		return
	low = 2 ^ int(log(low) / log(2) - (low < 1))
	high = high * 1.1
	plot_begin("CPU ms an image")
	for (v = low; v <= high; v *= 2)
		plot_rule(plot_y(v, low, high), v)
	for (j = 1; j <= widths; j++)
		plot_mark(plot_x(j), width[j])
	for (i = 1; i <= servers["n"]; i++)
		plot_server(mode, work, i, low, high)
	plot_end()
}

function plot_x(j) {
	return widths > 1 ? 60 + (j - 1) * 550 / (widths - 1) : 335
}

function plot_y(v, low, high) {
	return 295 - 270 * log(v / low) / log(high / low)
}

function plot_server(mode, work, i, low, high,	j, v, d, y) {
	for (j = 1; j <= widths; j++) {
		v = figure(mode, work, server_name[i], width[j])
		if (v == "-" || v <= 0)
			continue
		y = plot_y(v, low, high)
		d = d sprintf("%s%.1f %.1f", d == "" ? "M" : "L", plot_x(j), y)
		printf "<circle cx=%.1f cy=%.1f r=3 fill=\"%s\"/>\n",
		    plot_x(j), y, plot_colour(i)
	}
	if (d != "")
		plot_line(d, i, server_name[i],
		    server_name[i] == ours ? 3 : 1.5,
		    kind(server_name[i]) == "loop" ? \
		    " stroke-dasharray=\"5 4\"" : "")
}
