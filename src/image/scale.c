#include "image/scale.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "image/kernel.h"

#define LOBES    3
#define TAPS_MAX (2 * LOBES * SCALE_STEP_MAX)

/* For each result its first sample, and n coefficients. */
struct table {
	int32_t n;
	double gain; /* what they sum up to */
	int32_t *starts;
	uint32_t *coefs;
};

struct scaler {
	const struct kernel *kernel;
	struct axis x, y; /* x begins at what is needed */
	struct table tx, ty;
	struct plane *out;
	bool swap;
	int16_t bias;
	int32_t done;  /* results of y that are mixed */
	uint8_t *ring; /* the newest rows, each at its number modulo depth */
	size_t depth, stride;
	const uint8_t *rows[TAPS_MAX];
	size_t left;    /* bytes of a row that no result needs */
	size_t width;   /* bytes after them that are mixed */
	int16_t *strip; /* LANES rows of them */
	int16_t *columns;
	uint8_t *mixed;
};

static size_t
round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

bool
plane_make(struct plane *p, int32_t width, int32_t height, int32_t bands)
{
	p->width = width;
	p->height = height;
	p->bands = bands;
	p->stride = round_up((size_t)width * (size_t)bands, LANES);
	p->samples = malloc(p->stride * round_up((size_t)height, LANES));
	return p->samples != NULL;
}

static const struct kernel *
choose_kernel(void)
{
#ifdef HAVE_AVX2
	if (__builtin_cpu_supports("avx2"))
		return &kernel_avx2;
#endif
	return &kernel_plain;
}

/*
 * Lanczos at n distances from d on, one unit apart, and their sum.  sin 3a =
 * 3 sin a − 4 sin³ a, and the sine of a sum, spare all sines but the first.
 */
static double
weigh(double *w, int32_t n, double d, double unit)
{
	const double pi = 3.14159265358979323846, turn = pi / LOBES * unit;
	double a = turn * d, s = sin(a), c = cos(a), sum = 0;
	double turn_s = sin(turn), turn_c = cos(turn), next;

	for (int32_t i = 0; i < n; i++, a += turn) {
		if (fabs(a) < 1e-6)
			w[i] = 1;
		else if (fabs(a) < pi)
			w[i] = s * s * (3 - 4 * s * s) / (LOBES * a * a);
		else
			w[i] = 0;
		sum += w[i];
		next = s * turn_c + c * turn_s;
		c = c * turn_c - s * turn_s;
		s = next;
	}
	return sum;
}

/* As a kernel wants it: in both halves. */
static uint32_t
double_coef(long v)
{
	return (uint16_t)(v < INT16_MAX ? v : INT16_MAX) * UINT32_C(0x10001);
}

/*
 * Weights that sum up to sum become coefficients that sum up to gain: the
 * largest takes what rounding leaves, so that a flat area stays what it is.
 */
static void
round_weights(uint32_t *coefs, const double *w, int32_t n, double sum,
    double gain)
{
	double unit = gain * (1 << KERNEL_ONE) / sum;
	long left = lrint(unit * sum);
	int32_t most = 0;

	for (int32_t i = 0; i < n; i++) {
		long v = lrint(w[i] * unit);

		left -= v;
		coefs[i] = double_coef(v);
		if (w[i] > w[most])
			most = i;
	}
	coefs[most] = double_coef(lrint(w[most] * unit) + left);
}

static int32_t
clamp(int32_t at, int32_t low, int32_t high)
{
	return at < low ? low : at > high ? high : at;
}

/* Samples beyond an end lend their weights to the outermost. */
static void
fill_result(struct table *t, const struct axis *axis, int32_t i, double reach)
{
	double centre =
	    axis->from + axis->step * fmin(i + 0.5, axis->last) - 0.5;
	double w[TAPS_MAX], folded[TAPS_MAX] = { 0 }, sum;
	int32_t at = (int32_t)floor(centre - reach) + 1;
	int32_t n = (int32_t)ceil(2 * reach);
	int32_t start = clamp(at, axis->low, axis->high - t->n);

	sum = weigh(w, n, at - centre, LOBES / reach);
	for (int32_t k = 0; k < n; k++)
		folded[clamp(at + k, axis->low, axis->high - 1) - start] +=
		    w[k];
	t->starts[i] = start;
	round_weights(t->coefs + (ptrdiff_t)i * t->n, folded, t->n, sum,
	    t->gain);
}

static bool
make_table(struct table *t, const struct axis *axis)
{
	double reach = LOBES * fmax(1, fabs(axis->step));
	size_t count = (size_t)axis->count;

	if (reach > LOBES * SCALE_STEP_MAX)
		return false;
	t->n = (int32_t)ceil(2 * reach);
	if (t->n > axis->high - axis->low)
		t->n = axis->high - axis->low;
	t->starts = calloc(count, sizeof(*t->starts));
	t->coefs = calloc(count * (size_t)t->n, sizeof(*t->coefs));
	if (t->starts == NULL || t->coefs == NULL)
		return false;
	for (int32_t i = 0; i < axis->count; i++)
		fill_result(t, axis, i, reach);
	return true;
}

/* Memory that kernels overrun to the next multiple is there and zero. */
static bool
make_buffers(struct scaler *s, size_t row_size, int32_t ahead)
{
	size_t bands = (size_t)s->out->bands, needed;

	s->width = round_up((size_t)s->x.high * bands, KERNEL_STEP);
	needed = s->left + s->width;
	s->depth = (size_t)(ahead + s->ty.n);
	s->stride =
	    round_up(row_size > needed ? row_size : needed, KERNEL_STEP);
	s->ring = calloc(s->depth, s->stride);
	s->strip = calloc(LANES * s->width, sizeof(*s->strip));
	s->columns = calloc(LANES * s->width, sizeof(*s->columns));
	s->mixed = calloc(LANES, round_up((size_t)s->x.count * bands, LANES));
	return s->ring != NULL && s->strip != NULL && s->columns != NULL &&
	    s->mixed != NULL;
}

struct scaler *
scaler_new(const struct axis *x, const struct axis *y, size_t row_size,
    int32_t ahead, double gain, double base, bool swap, struct plane *out)
{
	struct scaler *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->kernel = choose_kernel();
	s->left = (size_t)x->low * (size_t)out->bands;
	s->x = (struct axis){ x->from - x->low, x->step, x->last, 0,
		x->high - x->low, x->count };
	s->y = *y;
	s->out = out;
	s->swap = swap;
	s->tx.gain = gain;
	s->ty.gain = 1;
	if (!make_table(&s->tx, &s->x) || !make_table(&s->ty, y) ||
	    !make_buffers(s, row_size, ahead)) {
		scaler_free(s);
		return NULL;
	}
	/* With the half that rounds, and what cutting off products loses. */
	s->bias = (int16_t)(lrint(base * 64) + 32 + s->tx.n / 2);
	return s;
}

void
scaler_free(struct scaler *s)
{
	if (s == NULL)
		return;
	free(s->tx.starts);
	free(s->tx.coefs);
	free(s->ty.starts);
	free(s->ty.coefs);
	free(s->ring);
	free(s->strip);
	free(s->columns);
	free(s->mixed);
	free(s);
}

uint8_t *
scaler_row(struct scaler *s, int32_t y)
{
	return s->ring + (size_t)y % s->depth * s->stride;
}

/* The strip whose first result is at. */
static void
finish_strip(struct scaler *s, int32_t at)
{
	struct plane *out = s->out;

	s->kernel->turn_rows(s->columns, s->strip, s->width);
	s->kernel->mix_columns(s->mixed, s->columns, out->bands, s->tx.starts,
	    s->tx.coefs, s->tx.n, s->x.count, s->bias);
	if (!s->swap) {
		s->kernel->turn_columns(out->samples + (size_t)at * out->stride,
		    out->stride, s->mixed, s->x.count * out->bands);
		return;
	}
	for (int32_t i = 0; i < s->x.count; i++)
		memcpy(out->samples + (size_t)i * out->stride + at,
		    s->mixed + (ptrdiff_t)i * LANES, LANES);
}

bool
scaler_run(struct scaler *s, int32_t y)
{
	bool down = s->y.step > 0;

	while (s->done < s->y.count) {
		/* In the order in which the source's rows come. */
		int32_t i = down ? s->done : s->y.count - 1 - s->done;
		int32_t first = s->ty.starts[i], n = s->ty.n;

		if (first + n > y)
			break;
		for (int32_t k = 0; k < n; k++)
			s->rows[k] = scaler_row(s, first + k) + s->left;
		s->kernel->mix_rows(s->strip + (size_t)(i % LANES) * s->width,
		    s->rows, s->ty.coefs + (ptrdiff_t)i * n, n, s->width);
		if (++s->done == s->y.count ||
		    i % LANES == (down ? LANES - 1 : 0))
			finish_strip(s, i / LANES * LANES);
	}
	return s->done == s->y.count;
}
