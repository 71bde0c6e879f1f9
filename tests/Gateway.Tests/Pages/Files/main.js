// What a set of pages has at least.
