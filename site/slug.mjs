/** The anchor of a heading, as GitHub makes it: lower case, blanks to hyphens, and nothing but letters, digits, hyphens and underscores. */
export const slug = (heading) => heading.trim().toLowerCase().replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "").replace(/ /g, "-");
