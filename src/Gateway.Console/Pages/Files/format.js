// Numbers as the reader writes them.

const locale = () => navigator.languages.find((own) => own.split("-")[0] === document.documentElement.lang) ?? document.documentElement.lang;

/** A whole number: 12,345. */
export const count = (number) => new Intl.NumberFormat(locale()).format(number);

/** A number with two digits behind the point at most. */
export const decimal = (number) => new Intl.NumberFormat(locale(), { maximumFractionDigits: 2 }).format(number);

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** An amount of bytes, in steps of 1,000: 12.3 MB. */
export function bytes(number) {
  const step = number < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(number) / 3));
  return new Intl.NumberFormat(locale(), { style: "unit", unit: UNITS[step], unitDisplay: step === 0 ? "long" : "short", maximumFractionDigits: step === 0 ? 0 : 1 }).format(number / 1000 ** step);
}
