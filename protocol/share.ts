/** A share for people, to a tenth of a percent. What is not nothing never reads as 0 %, nor a part as the whole. */
export function formatShare(share: number): string {
  if (share === 0 || share === 1) return `${share * 100} %`;
  const percent = (share * 100).toFixed(1);
  if (percent === '0.0') return '<0.1 %';
  return percent === '100.0' ? '>99.9 %' : `${percent} %`;
}
