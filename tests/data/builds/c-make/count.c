#include <ctype.h>
#include <stdio.h>

int main(int count, char **words) {
    FILE *file = count > 1 ? fopen(words[1], "r") : stdin;
    if (file == NULL) {
        perror(words[1]);
        return 1;
    }
    int total = 0, inside = 0, next;
    while ((next = fgetc(file)) != EOF) {
        if (isspace(next)) {
            inside = 0;
        } else if (!inside) {
            inside = 1;
            total++;
        }
    }
    printf("%d words\n", total);
    return 0;
}
