/* A reader of zstd-compressed tar, as far as pack.py writes it: plain files, folders and symbolic links in ustar->
 * The payload is ours, but the file may be damaged: everything that does not fit ends the program with a sentence.
 * Nearly all of the time is the kernel's, for fresh memory of files; so the parts are unpacked by a thread each. */
#define ZSTD_STATIC_LINKING_ONLY
#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zstd.h"

enum { BLOCK = 512, CHUNK = 1 << 20, WINDOW_LOG = 23 /* at most 8 MB of memory for each part; pack.py uses no more */ };

struct tar {
    const char *folder;
    char header[BLOCK];
    size_t in_header;
    int file; /* the one being written, or -1 */
    mode_t mode;
    uint64_t left, padding;
    int ended;
};

static uint64_t octal(const char *digits, int length) {
    uint64_t value = 0;
    for (; length-- && *digits; digits++)
        if (*digits >= '0' && *digits <= '7') value = value * 8 + (*digits - '0');
    return value;
}

static void close_file(struct tar *tar) {
    if (fchmod(tar->file, tar->mode) || close(tar->file)) die("writing: %s", strerror(errno));
    tar->file = -1;
}

static void name_in_header(const struct tar *tar, char *name, size_t size) {
    const char *prefix = tar->header + 345;
    if (*prefix)
        snprintf(name, size, "%.155s/%.100s", prefix, tar->header);
    else
        snprintf(name, size, "%.100s", tar->header);
    if (*name == '/' || !strncmp(name, "..", 2) || strstr(name, "/..")) die("damaged: a file named %s", name);
}

static void on_header(struct tar *tar) {
    char name[300], path[PATH_MAX], target[101];
    if (!tar->header[0]) {
        tar->ended = 1;
        return;
    }
    if (memcmp(tar->header + 257, "ustar", 5)) die("damaged: no tar header");
    name_in_header(tar, name, sizeof name);
    snprintf(path, sizeof path, "%s/%s", tar->folder, name);
    switch (tar->header[156]) {
    case '5':
        if (mkdir(path, 0755) && errno != EEXIST) die("%s: %s", path, strerror(errno));
        return;
    case '2':
        snprintf(target, sizeof target, "%.100s", tar->header + 157);
        if (symlink(target, path)) die("%s: %s", path, strerror(errno));
        return;
    case '0':
        break;
    default:
        die("damaged: %s is of an unknown kind", name);
    }
    tar->mode = octal(tar->header + 100, 8) & 0755;
    tar->left = octal(tar->header + 124, 12);
    tar->padding = (BLOCK - tar->left % BLOCK) % BLOCK;
    tar->file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (tar->file < 0) die("%s: %s", path, strerror(errno));
    if (!tar->left) close_file(tar);
}

static size_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void write_all(int file, const char *bytes, size_t count) {
    while (count) {
        ssize_t written = write(file, bytes, count);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) die("writing: %s", strerror(errno));
        bytes += written;
        count -= written;
    }
}

static void feed(struct tar *tar, const char *bytes, size_t count) {
    while (count && !tar->ended) {
        size_t taken;
        if (tar->file >= 0) {
            taken = smaller(count, tar->left);
            write_all(tar->file, bytes, taken);
            tar->left -= taken;
            if (!tar->left) close_file(tar);
        } else if (tar->padding) {
            taken = smaller(count, tar->padding);
            tar->padding -= taken;
        } else {
            taken = smaller(count, BLOCK - tar->in_header);
            memcpy(tar->header + tar->in_header, bytes, taken);
            tar->in_header += taken;
            if (tar->in_header == BLOCK) {
                tar->in_header = 0;
                on_header(tar);
            }
        }
        bytes += taken;
        count -= taken;
    }
}

struct work {
    const char *folder;
    int file;
    uint64_t offset;
    const struct part *part;
    pthread_t thread;
};

static void *unpack_part(void *given) {
    const struct work *work = given;
    struct tar tar = {.folder = work->folder, .file = -1};
    ZSTD_DCtx *decoder = ZSTD_createDCtx();
    char *packed = malloc(CHUNK), *plain = malloc(CHUNK);
    uint64_t left = work->part->packed_size, total = 0;
    off_t offset = work->offset;
    size_t expected = 1; /* 0 when the frame is complete */
    if (!decoder || !packed || !plain) die("not enough memory");
    ZSTD_DCtx_setParameter(decoder, ZSTD_d_windowLogMax, WINDOW_LOG);
    while (left) {
        ssize_t got = pread(work->file, packed, smaller(left, CHUNK), offset);
        if (got <= 0) die("damaged: it ends too early");
        left -= got;
        offset += got;
        ZSTD_inBuffer in = {packed, got, 0};
        while (in.pos < in.size) {
            ZSTD_outBuffer out = {plain, CHUNK, 0};
            expected = ZSTD_decompressStream(decoder, &out, &in);
            if (ZSTD_isError(expected)) die("damaged: %s", ZSTD_getErrorName(expected));
            feed(&tar, plain, out.pos);
            total += out.pos;
        }
    }
    if (expected || total != work->part->size || !tar.ended || tar.file >= 0) die("damaged: a part is missing");
    ZSTD_freeDCtx(decoder);
    free(packed);
    free(plain);
    return NULL;
}

void unpack(int file, const struct payload *payload, const char *folder) {
    struct work works[PARTS];
    uint64_t offset = payload->offset;
    for (int i = 0; i < PARTS; i++) {
        works[i] = (struct work){folder, file, offset, &payload->parts[i], 0};
        offset += payload->parts[i].packed_size;
        if (pthread_create(&works[i].thread, NULL, unpack_part, &works[i])) die("no thread could be started");
    }
    for (int i = 0; i < PARTS; i++) pthread_join(works[i].thread, NULL);
}
