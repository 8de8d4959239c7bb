/** The views of what was logged besides numbers. */
import type { ValueGroup } from '../api/loggedValues';

export type MediaView = Exclude<ValueGroup, 'reports'>;

export const MEDIA_VIEWS: readonly { value: MediaView; text: string }[] = [
  { value: 'media', text: 'Media' },
  { value: 'tables', text: 'Tables' },
  { value: 'histograms', text: 'Histograms' },
];
