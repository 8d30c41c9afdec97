/*
 * The encoders at work: pixels in, a file's bytes out.
 */
#ifndef IMAGE_ENCODE_H
#define IMAGE_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "image/encoders.h"

struct _VipsImage;

/*
 * FORMAT_BIT of what this machine's libvips can write.  AVIF is tried out on
 * a few pixels, as libheif may be there without an encoder.  After
 * vips_init(), before other threads.
 */
uint32_t encoder_available(void);

/*
 * Evaluate the picture and write it; q of 0 is the row's own.  The bytes are
 * malloc'd, the caller's.  INTERNAL where libvips failed and knows why, or
 * NO_MEMORY.  Any thread.
 */
enum status encoder_write(enum format, struct _VipsImage *, int32_t q,
    void **bytes, size_t *len);

#endif
