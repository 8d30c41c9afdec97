#include "url/escape.h"

#include <string.h>

static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "0123456789-._~";

void
escape_add(struct buf *out, const char *text, size_t len, const char *keep)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c != '\0' && (strchr(plain, c) || strchr(keep, c)))
			buf_char(out, c);
		else
			buf_printf(out, "%%%02X", (unsigned char)c);
	}
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool
escape_undo(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (text[i] == '\0')
			return false;
		if (text[i] != '%') {
			buf_char(out, text[i]);
			continue;
		}
		if (len - i < 3)
			return false;
		high = hex_digit(text[i + 1]);
		low = hex_digit(text[i + 2]);
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return false;
		buf_char(out, (char)(high * 16 + low));
		i += 2;
	}
	return true;
}
