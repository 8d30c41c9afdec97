/*
 * Which shared libraries this process has loaded.  They decide the bytes of
 * a picture, so that an update of one must be seen in ETags.
 */
#ifndef IMAGE_LIBRARIES_H
#define IMAGE_LIBRARIES_H

#include "base/buf.h"

/*
 * Append ", libjpeg.so.62.3.0" for every codec library that is loaded, in
 * the order of an own list, so that load order does not matter.  Links are
 * followed to the real file, which carries the full version.
 */
void libraries_list(struct buf *);

#endif
