/*
 * The pixels of a plain PNG, inflated at once by libdeflate in a fifth of the
 * time that libpng takes by zlib.  Decides nothing: whatever is another kind
 * or has the least fault is libvips' to read or to refuse, and so is all in a
 * build --without-libdeflate.
 */
#ifndef IMAGE_PNG_H
#define IMAGE_PNG_H

#include <stddef.h>
#include <stdint.h>

/*
 * Rows of width × bands bytes without padding, malloc'd; NULL unless the file
 * has exactly these: 8 bits a sample, grey, colours or a palette, with alpha or
 * not, from the top.  Takes a byte a row and the file's own size more while it
 * runs.
 * Any thread.  Source: PNG (third edition), 5 to 10.
 */
uint8_t *png_pixels(const unsigned char *, size_t len, int32_t width,
    int32_t height, int32_t bands);

#endif
