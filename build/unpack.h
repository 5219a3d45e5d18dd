#ifndef UNPACK_H
#define UNPACK_H

#include <stdint.h>

#define MAGIC "MFPACK02"
enum { PARTS = 3 };

/* The last 96 bytes of the file, as pack.py writes them: where its parts lie, each a zstd-compressed tar, one behind
 * the other. Little endian. */
struct payload {
    char magic[8];
    uint64_t offset; /* of the first part */
    struct part {
        uint64_t packed_size, size;
    } parts[PARTS];
    unsigned char sha256[32]; /* of the compressed bytes; the name of the folder they are unpacked into */
};

/* Says why, once whoever calls it, and ends the program. */
_Noreturn void die(const char *format, ...);

/* Unpack the parts in `file`, side by side, into the empty folder `folder`. Ends the program where that does not
 * work. */
void unpack(int file, const struct payload *payload, const char *folder);

#endif
