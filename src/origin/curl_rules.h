/*
 * What libcurl is told once for every request to an origin.
 */
#ifndef ORIGIN_CURL_RULES_H
#define ORIGIN_CURL_RULES_H

#include <curl/curl.h>

#include <stdbool.h>

#include "origin/fetch.h"

/*
 * Which protocols a new handle speaks, how TLS is verified, which authorities
 * count, who signs.  What the setup points at must outlive the handle.  False
 * when libcurl refuses, which it does for want of memory alone.
 */
bool curl_rules(CURL *, const struct fetch_setup *);

#endif
