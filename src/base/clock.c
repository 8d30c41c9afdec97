#include "base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri",
	"Sat" };
static const char *const long_days[7] = { "Sunday", "Monday", "Tuesday",
	"Wednesday", "Thursday", "Friday", "Saturday" };
static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

int64_t
clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_ms(void)
{
	return clock_us() / 1000;
}

int64_t
clock_now(void)
{
	return (int64_t)time(NULL);
}

int
clock_left(int64_t deadline_ms)
{
	int64_t now = clock_ms();

	if (deadline_ms <= now)
		return 0;
	return deadline_ms - now > INT_MAX ? INT_MAX : (int)(deadline_ms - now);
}

/*
 * Days since 1970-01-01 of a proleptic Gregorian date: Howard Hinnant's
 * days_from_civil, because timegm() is not POSIX.
 */
static int64_t
days_from_civil(int64_t y, int m, int d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void
clock_date(char text[CLOCK_DATE_MAX], int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	/* A year of four digits, or the epoch: a file's mtime may be anything.
	 */
	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < -1900 ||
	    tm.tm_year > 8099) {
		clock_date(text, 0);
		return;
	}
	snprintf(text, CLOCK_DATE_MAX, "%s, %02d %s %04d %02d:%02d:%02d GMT",
	    days[tm.tm_wday % 7], tm.tm_mday % 100, months[tm.tm_mon % 12],
	    (tm.tm_year + 1900) % 10000, tm.tm_hour % 100, tm.tm_min % 100,
	    tm.tm_sec % 100);
}

/*
 * A reader over the text: each step eats what it names and goes on, or sets
 * bad, after which every step does nothing.
 */
struct reader {
	const char *p;
	bool bad;
};

static int
read_digits(struct reader *r, int n)
{
	int v = 0;

	for (; n > 0 && !r->bad; n--, r->p++) {
		if (*r->p < '0' || *r->p > '9')
			r->bad = true;
		else
			v = v * 10 + (*r->p - '0');
		if (r->bad)
			break;
	}
	return v;
}

static void
read_text(struct reader *r, const char *text)
{
	size_t n = strlen(text);

	if (r->bad || strncmp(r->p, text, n) != 0)
		r->bad = true;
	else
		r->p += n;
}

static int
read_month(struct reader *r)
{
	for (int i = 0; i < 12 && !r->bad; i++) {
		if (strncmp(r->p, months[i], 3) == 0) {
			r->p += 3;
			return i + 1;
		}
	}
	r->bad = true;
	return 0;
}

static int64_t
read_time(struct reader *r)
{
	int h, m, s;

	h = read_digits(r, 2);
	read_text(r, ":");
	m = read_digits(r, 2);
	read_text(r, ":");
	s = read_digits(r, 2);
	if (h > 23 || m > 59 || s > 60)
		r->bad = true;
	return h * 3600 + m * 60 + s;
}

/* Seconds since 1970, if the month has that day. */
static int64_t
join_date(struct reader *r, int y, int m, int d, int64_t t)
{
	static const int lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);

	if (r->bad || d < 1 || d > lengths[m - 1] + (m == 2 && leap)) {
		r->bad = true;
		return 0;
	}
	return days_from_civil(y, m, d) * 86400 + t;
}

/* "06 Nov 1994 08:49:37 GMT" or "06-Nov-94 08:49:37 GMT" */
static int64_t
read_fixdate(struct reader *r, const char *separator, bool short_year)
{
	int d, m, y;
	int64_t t;

	d = read_digits(r, 2);
	read_text(r, separator);
	m = read_month(r);
	read_text(r, separator);
	y = read_digits(r, short_year ? 2 : 4);
	if (short_year)
		y += y < 70 ? 2000 : 1900;
	read_text(r, " ");
	t = read_time(r);
	read_text(r, " GMT");
	return join_date(r, y, m, d, t);
}

/* "Nov  6 08:49:37 1994" */
static int64_t
read_asctime(struct reader *r)
{
	int d, m, y;
	int64_t t;

	m = read_month(r);
	read_text(r, " ");
	if (*r->p == ' ') {
		r->p++;
		d = read_digits(r, 1);
	} else
		d = read_digits(r, 2);
	read_text(r, " ");
	t = read_time(r);
	read_text(r, " ");
	y = read_digits(r, 4);
	return join_date(r, y, m, d, t);
}

bool
clock_parse_date(const char *text, int64_t *seconds)
{
	struct reader r = { text, true };
	int64_t t = 0;

	for (int i = 0; i < 7 && r.bad; i++) {
		size_t n = strlen(long_days[i]);

		if (strncmp(text, long_days[i], n) == 0 && text[n] == ',') {
			r = (struct reader){ text + n, false };
			read_text(&r, ", ");
			t = read_fixdate(&r, "-", true);
			break;
		}
		if (strncmp(text, days[i], 3) != 0)
			continue;
		r = (struct reader){ text + 3, false };
		if (*r.p == ',') {
			read_text(&r, ", ");
			t = read_fixdate(&r, " ", false);
		} else {
			read_text(&r, " ");
			t = read_asctime(&r);
		}
		break;
	}
	if (r.bad || *r.p != '\0')
		return false;
	*seconds = t;
	return true;
}
