/* The gradient of a dense layer y = x w + b, in float32 with sums in double: a kernel to be judged.
 *
 *     cc -O2 -shared -fPIC -o libdense.so examples/c_library/dense.c
 *
 * x: (n, m)   w: (m, k)   b: (k)   dy: (n, k), what arrives from above;  all of them row by row. */
#include <stddef.h>

#ifndef REAL
#define REAL float
#define SUM double
#endif

void dense_backward(size_t n, size_t m, size_t k, const REAL *x, const REAL *w, const REAL *b,
                    const REAL *dy, REAL *dx, REAL *dw, REAL *db) {
    (void)b; /* the gradient does not depend on it */
    for (size_t r = 0; r < n; r++) /* dx = dy w' */
        for (size_t i = 0; i < m; i++) {
            SUM sum = 0;
            for (size_t o = 0; o < k; o++) sum += (SUM)dy[r * k + o] * w[i * k + o];
            dx[r * m + i] = (REAL)sum;
        }
    for (size_t i = 0; i < m; i++) /* dw = x' dy */
        for (size_t o = 0; o < k; o++) {
            SUM sum = 0;
            for (size_t r = 0; r < n; r++) sum += (SUM)x[r * m + i] * dy[r * k + o];
            dw[i * k + o] = (REAL)sum;
        }
    for (size_t o = 0; o < k; o++) { /* db = dy summed over the batch */
        SUM sum = 0;
        for (size_t r = 0; r < n; r++) sum += dy[r * k + o];
        db[o] = (REAL)sum;
    }
}
