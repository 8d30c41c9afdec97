/* The scaler's laws: they hold for every size, whatever the filter. */
#include <stdlib.h>

#include "config.h"
#include "image/kernel.h"
#include "image/scale.h"
#include "test.h"

#define SIDE 70

static uint8_t source[SIDE * SIDE * 4];
static uint32_t seed = 1;

static uint32_t
chance(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static struct axis
whole(int32_t from, int32_t to)
{
	return (struct axis){ .step = (double)from / to,
		.last = to,
		.high = from,
		.count = to };
}

static struct axis
mirrored(int32_t from, int32_t to)
{
	struct axis axis = whole(from, to);

	axis.from = from;
	axis.step = -axis.step;
	return axis;
}

/* All of the source's rows, ahead of them at a time; free() the samples. */
static struct plane
scale(struct axis x, struct axis y, int32_t bands, bool swap, int32_t ahead)
{
	struct plane out = { .samples = NULL };
	size_t size = (size_t)x.high * (size_t)bands;
	struct scaler *s;
	bool done = false;

	CHECK(plane_make(&out, swap ? y.count : x.count,
	    swap ? x.count : y.count, bands));
	s = scaler_new(&x, &y, size, ahead, 1, 128, swap, &out);
	if (!CHECK(s != NULL))
		return out;
	for (int32_t at = 0; at < y.high; at += ahead) {
		int32_t end = at + ahead < y.high ? at + ahead : y.high;

		CHECK(!done || y.count < y.high);
		for (int32_t i = at; i < end; i++)
			memcpy(scaler_row(s, i), source + (size_t)i * size,
			    size);
		done = scaler_run(s, end);
	}
	CHECK(done);
	scaler_free(s);
	return out;
}

static uint8_t
sample(const struct plane *p, int32_t x, int32_t y, int32_t band)
{
	return p
	    ->samples[(size_t)y * p->stride + (size_t)(x * p->bands + band)];
}

/* A flat area stays what it is, and its own size changes nothing. */
static void
check_still(void)
{
	for (int v = 0; v < 256; v += 5) {
		int32_t from = 1 + (int32_t)(chance() % SIDE);
		int32_t to = 1 + (int32_t)(chance() % (uint32_t)from);
		struct plane p;
		int off = 0;

		if (to * SCALE_STEP_MAX < from)
			to = from;
		memset(source, v, sizeof(source));
		p = scale(whole(from, to), whole(from, to), 1, false, 1);
		for (int32_t i = 0; i < to * to; i++)
			off += sample(&p, i % to, i / to, 0) != v;
		EQ_INT(off, 0);
		free(p.samples);
	}
	for (size_t i = 0; i < sizeof(source); i++)
		source[i] = (uint8_t)chance();
	for (int32_t n = 1; n <= SIDE; n += 3) {
		struct plane p = scale(whole(n, n), whole(n, n), 3, false, 8);
		int off = 0;

		for (int32_t i = 0; i < n * n * 3; i++)
			off += sample(&p, i / 3 % n, i / 3 / n, i % 3) !=
			    source[i];
		EQ_INT(off, 0);
		free(p.samples);
	}
}

/* Mirrored and swapped it is the same picture, mirrored and swapped. */
static void
check_turns(void)
{
	for (int32_t n = 6; n <= SIDE; n += 16) {
		int32_t to = n / 2 + 1, off = 0;
		struct plane a =
		    scale(whole(SIDE, n), whole(n, to), 1, false, 1);
		struct plane b =
		    scale(mirrored(SIDE, n), mirrored(n, to), 1, true, 16);

		EQ_INT(b.width, to);
		EQ_INT(b.height, n);
		for (int32_t i = 0; i < n * to; i++) {
			int32_t x = i % n, y = i / n;
			int d = sample(&a, x, y, 0) -
			    sample(&b, to - 1 - y, n - 1 - x, 0);

			/* Products are cut towards one side. */
			off += d < -1 || d > 1;
		}
		EQ_INT(off, 0);
		free(a.samples);
		free(b.samples);
	}
}

/* Bands do not mix. */
static void
check_bands(void)
{
	struct plane all =
	    scale(whole(SIDE / 2, 31), whole(SIDE, 20), 4, false, 3);
	static uint8_t kept[sizeof(source)];
	int off = 0;

	memcpy(kept, source, sizeof(source));
	for (int band = 0; band < 4; band++) {
		struct plane one;

		for (size_t i = 0; i < sizeof(source) / 4; i++)
			source[i] = kept[i * 4 + (size_t)band];
		one = scale(whole(SIDE / 2, 31), whole(SIDE, 20), 1, false, 1);
		for (int32_t i = 0; i < 31 * 20; i++)
			off += sample(&all, i % 31, i / 31, band) !=
			    sample(&one, i % 31, i / 31, 0);
		free(one.samples);
	}
	EQ_INT(off, 0);
	free(all.samples);
}

/* Every CPU gives the same pixels. */
static void
check_kernels(void)
{
#ifdef HAVE_AVX2
	static uint8_t rows[9][256], bytes[2][LANES * 64];
	static int16_t mixed[2][LANES * 256], turned[2][LANES * 256];
	const struct kernel *k[2] = { &kernel_plain, &kernel_avx2 };
	const uint8_t *list[9];
	uint32_t coefs[64 * 9];
	int32_t starts[64];

	if (!__builtin_cpu_supports("avx2")) {
		test_skip("this CPU has no AVX2");
		return;
	}
	for (int i = 0; i < 9; i++) {
		list[i] = rows[i];
		for (int x = 0; x < 256; x++)
			rows[i][x] = (uint8_t)chance();
	}
	for (size_t i = 0; i < 64 * 9; i++)
		coefs[i] = (chance() % 7000) * UINT32_C(0x10001);
	for (int i = 0; i < 64; i++)
		starts[i] = i % 50;
	for (int i = 0; i < 2; i++) {
		for (int y = 0; y < LANES; y++)
			k[i]->mix_rows(mixed[i] + y * 256, list, coefs + 9 * y,
			    9, 256);
		k[i]->turn_rows(turned[i], mixed[i], 256);
		k[i]->mix_columns(bytes[i], turned[i], 1, starts, coefs, 9, 64,
		    8192);
		k[i]->turn_columns((uint8_t *)mixed[i], 64, bytes[i], 64);
	}
	CHECK(memcmp(turned[0], turned[1], sizeof(turned[0])) == 0);
	CHECK(memcmp(bytes[0], bytes[1], sizeof(bytes[0])) == 0);
	CHECK(memcmp(mixed[0], mixed[1], LANES * 64) == 0);
#else
	test_skip("no second kernel was built");
#endif
}

int
main(void)
{
	check_still();
	check_turns();
	check_bands();
	check_kernels();
	return test_end("t_scale");
}
