/** The time of day where the operator is, for lines that people read. Deliberately absent: the date; machines get ISO 8601. */

/** @param iso like `2026-01-02T03:04:05.678Z`. @returns `03:04:05` */
export function clockTime(iso: string): string {
  const time = new Date(iso);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(":");
}

export function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
