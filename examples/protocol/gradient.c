/* A program that refnet can ask for gradients: logistic_neuron and softmax_cross_entropy, in C.
 *
 *     cc -O2 -o gradient examples/protocol/gradient.c -lm
 *     refnet validate --process ./gradient --against logistic_neuron
 *
 * One line of JSON comes in on stdin, one goes out on stdout; every message is answered.  The
 * layout is known beforehand, so that a member is found by its name and numbers follow.  Numbers
 * are written with 17 digits: then they are read back as they were. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 1 << 20, MOST = 1 << 14 };

/* What follows "name": in the line; NULL where it is not there. */
static const char *member(const char *line, const char *name) {
    char key[64];
    snprintf(key, sizeof key, "\"%s\"", name);
    for (const char *at = line; (at = strstr(at, key)) != NULL; at++) {
        const char *after = at + strlen(key);
        after += strspn(after, " ");
        if (*after == ':') return after + 1 + strspn(after + 1, " ");
    }
    return NULL;
}

static int is(const char *line, const char *name, const char *value) {
    const char *at = member(line, name);
    size_t length = strlen(value);
    return at && at[0] == '"' && !strncmp(at + 1, value, length) && at[length + 1] == '"';
}

/* All numbers of a nested list, row after row, and how many there are; *last: in a row. */
static size_t numbers(const char *at, double *out, size_t *last) {
    size_t count = 0, begun = 0;
    int depth = 0;
    if (!at) return 0;
    do {
        if (*at == '[') depth++, begun = count, at++;
        else if (*at == ']') { depth--, at++; if (count > begun) *last = count - begun; }
        else if (*at == ',' || *at == ' ') at++;
        else {
            char *end;
            if (count == MOST) return 0;
            out[count] = strtod(at, &end);
            if (end == at) return 0;
            count++, at = end;
        }
        if (depth && *at == ',') at++;
    } while (depth && *at);
    return count;
}

static void list(const double *values, size_t count) {
    for (size_t k = 0; k < count; k++) printf("%s%.17g", k ? ", " : "[", values[k]);
    printf("]");
}

static double sigmoid(double z) {
    double e = exp(-fabs(z));
    return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/* L = -mean (y log a + (1 - y) log(1 - a)), a = sigmoid(w x + b):  dL/dz = (a - y) / n */
static int logistic_neuron(const char *input) {
    static double x[MOST], y[MOST], dx[MOST];
    double w, b, dw = 0, db = 0;
    size_t row = 0, n = numbers(member(input, "x"), x, &row);
    if (!n || numbers(member(input, "y"), y, &row) != n) return 0;
    if (!numbers(member(input, "w"), &w, &row) || !numbers(member(input, "b"), &b, &row)) return 0;
    for (size_t k = 0; k < n; k++) {
        double z = w * x[k] + b;
        double dz = ((1 - y[k]) * sigmoid(z) - y[k] * sigmoid(-z)) / n; /* a - y would cancel */
        dw += dz * x[k], db += dz, dx[k] = dz * w;
    }
    printf("\"success\": true, \"output\": {\"params\": {\"w\": %.17g, \"b\": %.17g}, \"x\": ", dw, db);
    list(dx, n);
    printf("}");
    return 1;
}

/* L = -mean over rows of sum t log softmax(z):  dL/dz_c = sum over k != c of (p_c t_k - t_c p_k) / n */
static int softmax_cross_entropy(const char *input) {
    static double z[MOST], t[MOST], dz[MOST];
    size_t classes = 1, count = numbers(member(input, "z"), z, &classes);
    if (!count || numbers(member(input, "t"), t, &classes) != count) return 0;
    size_t rows = count / classes;
    printf("\"success\": true, \"output\": {\"z\": [");
    for (size_t r = 0; r < rows; r++) {
        double *p = z + r * classes, *d = dz + r * classes, *y = t + r * classes;
        double top = p[0], total = 0;
        for (size_t c = 1; c < classes; c++) top = fmax(top, p[c]);
        for (size_t c = 0; c < classes; c++) total += p[c] = exp(p[c] - top);
        for (size_t c = 0; c < classes; c++) {
            double others_t = 0, others_p = 0;
            for (size_t k = 0; k < classes; k++)
                if (k != c) others_t += y[k], others_p += p[k] / total;
            d[c] = (p[c] / total * others_t - y[c] * others_p) / rows;
        }
        printf("%s", r ? ", " : "");
        list(d, classes);
    }
    printf("]}");
    return 1;
}

int main(void) {
    static char line[LINE];
    while (fgets(line, sizeof line, stdin)) {
        const char *id = member(line, "id");
        printf("{\"id\": %ld", id ? atol(id) : 0);
        int neuron = is(line, "module", "logistic_neuron");
        int softmax = is(line, "module", "softmax_cross_entropy");
        if (is(line, "kind", "define")) printf(", \"success\": %s", neuron || softmax ? "true" : "false");
        if (is(line, "kind", "evaluate")) {
            printf(", ");
            if (!(neuron ? logistic_neuron(line) : softmax && softmax_cross_entropy(line)))
                printf("\"success\": false, \"error\": \"not in the layout\"");
        }
        printf("}\n");
        fflush(stdout);
    }
    return 0;
}
