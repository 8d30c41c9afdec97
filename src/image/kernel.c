#include "image/kernel.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

/*
 * Vectors as gcc and clang both have them; what these cannot say, the high
 * half of a product and a saturating cast, is said for x86 by name and
 * elsewhere by loops that compilers know.
 */
typedef uint8_t bytes16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef int16_t words8 __attribute__((vector_size(16), aligned(2), may_alias));

#if defined(__clang__)
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...)                                                     \
	__builtin_shuffle(a, b, (__typeof__(a)){ __VA_ARGS__ })
#endif

#if defined(__AVX2__)
#define KERNEL kernel_avx2
#define WIDE   16
typedef int16_t words __attribute__((vector_size(32), aligned(2), may_alias));

/* Bytes as (byte − 128) << 8, in an order of this CPU's own. */
static inline void
load_bytes(words *a, words *b, const uint8_t *p)
{
	__m256i v = _mm256_xor_si256(_mm256_loadu_si256((const void *)p),
	    _mm256_set1_epi8(-KERNEL_MID));

	*a = (words)_mm256_unpacklo_epi8(_mm256_setzero_si256(), v);
	*b = (words)_mm256_unpackhi_epi8(_mm256_setzero_si256(), v);
}

static inline void
store_words(int16_t *p, words a, words b)
{
	_mm256_storeu_si256((void *)p,
	    _mm256_permute2x128_si256((__m256i)a, (__m256i)b, 0x20));
	_mm256_storeu_si256((void *)(p + WIDE),
	    _mm256_permute2x128_si256((__m256i)a, (__m256i)b, 0x31));
}

static inline words
times(words a, uint32_t c)
{
	return (
	    words)_mm256_mulhi_epi16((__m256i)a, _mm256_set1_epi32((int32_t)c));
}

static inline void
store_bytes(uint8_t *p, words a)
{
	_mm_storeu_si128((void *)p,
	    _mm_packus_epi16(_mm256_castsi256_si128((__m256i)a),
	        _mm256_extracti128_si256((__m256i)a, 1)));
}

#else
#define KERNEL kernel_plain
#define WIDE   8
typedef words8 words;

static inline void
store_words(int16_t *p, words a, words b)
{
	*(words *)p = a;
	*(words *)(p + WIDE) = b;
}

#if defined(__SSE2__)
static inline void
load_bytes(words *a, words *b, const uint8_t *p)
{
	__m128i v = _mm_xor_si128(_mm_loadu_si128((const void *)p),
	    _mm_set1_epi8(-KERNEL_MID));

	*a = (words)_mm_unpacklo_epi8(_mm_setzero_si128(), v);
	*b = (words)_mm_unpackhi_epi8(_mm_setzero_si128(), v);
}

static inline words
times(words a, uint32_t c)
{
	return (words)_mm_mulhi_epi16((__m128i)a, _mm_set1_epi32((int32_t)c));
}

static inline void
store_bytes(uint8_t *p, words a)
{
	_mm_storel_epi64((void *)p, _mm_packus_epi16((__m128i)a, (__m128i)a));
}

#else
static inline void
load_bytes(words *a, words *b, const uint8_t *p)
{
	for (int i = 0; i < WIDE; i++) {
		(*a)[i] = (int16_t)((p[i] - KERNEL_MID) * 256);
		(*b)[i] = (int16_t)((p[i + WIDE] - KERNEL_MID) * 256);
	}
}

static inline words
times(words a, uint32_t c)
{
	for (int i = 0; i < WIDE; i++)
		a[i] = (int16_t)((int32_t)a[i] * (int16_t)c >> 16);
	return a;
}

static inline void
store_bytes(uint8_t *p, words a)
{
	for (int i = 0; i < WIDE; i++)
		p[i] = (uint8_t)(a[i] < 0 ? 0 : a[i] > 255 ? 255 : a[i]);
}
#endif
#endif

/* A product loses half a step on average when it is cut; n of them, n / 2. */
static void
mix_rows(int16_t *out, const uint8_t *const *rows, const uint32_t *coefs,
    int32_t n, size_t width)
{
	int16_t half = (int16_t)(n / 2);

	for (size_t x = 0; x < width; x += 2 * WIDE) {
		words sum_a = { 0 }, sum_b = { 0 }, a, b;

		for (int32_t k = 0; k < n; k++) {
			load_bytes(&a, &b, rows[k] + x);
			sum_a += times(a, coefs[k]);
			sum_b += times(b, coefs[k]);
		}
		store_words(out + x, sum_a + half, sum_b + half);
	}
}

/* Three rounds of interleaving the halves turn a square of eight. */
static inline void
turn_square(int16_t *out, const int16_t *in, size_t width)
{
	words8 a[8], b[8];

#pragma GCC unroll 8
	for (size_t i = 0; i < 8; i++)
		a[i] = *(const words8 *)(in + i * width);
#pragma GCC unroll 3
	for (int round = 0; round < 3; round++) {
#pragma GCC unroll 4
		for (int i = 0; i < 4; i++) {
			b[2 * i] =
			    SHUFFLE(a[i], a[i + 4], 0, 8, 1, 9, 2, 10, 3, 11);
			b[2 * i + 1] =
			    SHUFFLE(a[i], a[i + 4], 4, 12, 5, 13, 6, 14, 7, 15);
		}
#pragma GCC unroll 8
		for (int i = 0; i < 8; i++)
			a[i] = b[i];
	}
#pragma GCC unroll 8
	for (size_t i = 0; i < 8; i++)
		*(words8 *)(out + i * LANES) = a[i];
}

static void
turn_rows(int16_t *columns, const int16_t *rows, size_t width)
{
	for (size_t x = 0; x < width; x += 8) {
		turn_square(columns + x * LANES, rows + x, width);
		turn_square(columns + x * LANES + 8, rows + x + 8 * width,
		    width);
	}
}

static inline void
mix_column(uint8_t *out, const int16_t *in, ptrdiff_t step,
    const uint32_t *coefs, int32_t n, int16_t bias)
{
	for (int lane = 0; lane < LANES; lane += WIDE) {
		words sum = { 0 };

#pragma GCC unroll 4
		for (int32_t k = 0; k < n; k++)
			sum += times(*(const words *)(in + lane + k * step),
			    coefs[k]);
		store_bytes(out + lane, (sum + bias) >> 6);
	}
}

static void
mix_columns(uint8_t *out, const int16_t *columns, int32_t bands,
    const int32_t *starts, const uint32_t *coefs, int32_t n, int32_t count,
    int16_t bias)
{
	ptrdiff_t step = (ptrdiff_t)bands * LANES;

	for (int32_t i = 0; i < count; i++, coefs += n) {
		const int16_t *in = columns + starts[i] * step;

		for (int32_t b = 0; b < bands; b++, out += LANES, in += LANES)
			mix_column(out, in, step, coefs, n, bias);
	}
}

static inline void
turn_block(uint8_t *out, size_t stride, const uint8_t *in)
{
	bytes16 a[16], b[16];

#pragma GCC unroll 16
	for (int i = 0; i < 16; i++)
		a[i] = *(const bytes16 *)(in + i * LANES);
#pragma GCC unroll 4
	for (int round = 0; round < 4; round++) {
#pragma GCC unroll 8
		for (int i = 0; i < 8; i++) {
			b[2 * i] = SHUFFLE(a[i], a[i + 8], 0, 16, 1, 17, 2, 18,
			    3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
			b[2 * i + 1] = SHUFFLE(a[i], a[i + 8], 8, 24, 9, 25, 10,
			    26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
		}
#pragma GCC unroll 16
		for (int i = 0; i < 16; i++)
			a[i] = b[i];
	}
#pragma GCC unroll 16
	for (size_t i = 0; i < 16; i++)
		*(bytes16 *)(out + i * stride) = a[i];
}

static void
turn_columns(uint8_t *rows, size_t stride, const uint8_t *columns,
    int32_t count)
{
	for (int32_t x = 0; x < count; x += LANES)
		turn_block(rows + x, stride, columns + (ptrdiff_t)x * LANES);
}

const struct kernel KERNEL = { mix_rows, turn_rows, mix_columns, turn_columns };
