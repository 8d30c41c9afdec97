# What the pages of measurements have in common: the head, and plots of lines as
# SVG.  Any awk; functions alone, to be given with -f before the one that calls.
#
#   page_head(TITLE)            up to the title and with it
#   escape(TEXT)                as text of the page
#   plot_begin(WHAT)            a plot; what its lines are of
#   plot_rule(Y, LABEL)         a rule across it
#   plot_mark(X, LABEL)         a word below it
#   plot_line(D, N, NAME, WIDTH, STYLE)
#                               the Nth line, a path's text, and its legend
#   plot_end()
#
# Lines stay within x from 60 to 610 and y from 25 to 295.

function page_head(title) {
	print "<!doctype html><html lang=en><meta charset=utf-8>"
	print "<meta name=viewport content=\"width=device-width\">"
	print "<title>" title "</title><style>"
	print "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;" \
	    "margin:2rem auto;padding:0 1rem;color:#222;background:#fff}"
	print "table{border-collapse:collapse;font-variant-numeric:" \
	    "tabular-nums}th,td{padding:.15rem .6rem;text-align:right}" \
	    "th:first-child{text-align:left}tr+tr{border-top:1px solid #ccc}"
	print "h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.5rem}"
	print "svg{width:100%;height:auto;font-size:12px}svg text{fill:" \
	    "currentColor}dt{font-weight:600}"
	print "@media(prefers-color-scheme:dark){body{color:#ddd;" \
	    "background:#181818}}"
	print "</style><h1>" title "</h1>"
}

function escape(s) {
	gsub(/&/, "\\&amp;", s)
	gsub(/</, "\\&lt;", s)
	return s
}

function plot_begin(what) {
	print "<svg viewBox=\"0 0 760 320\" role=img>"
	print "<text x=50 y=12>" what "</text>"
}

function plot_rule(y, label) {
	printf "<path d=\"M50 %.1fH620\" stroke=\"#8884\"/>" \
	    "<text x=44 y=%.1f text-anchor=end>%s</text>\n", y, y + 4, label
}

function plot_mark(x, label) {
	printf "<text x=%.1f y=312 text-anchor=middle>%s</text>\n", x, label
}

function plot_colour(n,	palette) {
	split("#d1242f #0969da #1a7f37 #8250df #bf8700 #0a9b9b #888 #aaa #666",
	    palette, " ")
	return palette[(n - 1) % 9 + 1]
}

function plot_line(d, n, name, width, style) {
	printf "<path d=\"%s\" fill=none stroke=\"%s\" stroke-width=\"%s\"%s/>\n",
	    d, plot_colour(n), width, style
	printf "<path d=\"M635 %dh20\" stroke=\"%s\" stroke-width=\"3\"/>" \
	    "<text x=660 y=%d>%s</text>\n", 20 * n + 8, plot_colour(n),
	    20 * n + 12, name
}

function plot_end() {
	print "</svg>"
}
