import { BarChart } from 'echarts/charts';
import { GridComponent, LegendComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { LOCALES, type DocumentLanguage } from './document.js';

use([BarChart, GridComponent, LegendComponent, SVGRenderer]);

/** Bars of one or several series on top of each other, side by side or below each other. */
export interface Chart {
  kind: 'chart';
  /** What it shows; also what who cannot see it is told. Its figures stand in a table near it. */
  caption: string;
  /** What the numbers are: `EUR`. */
  unit: string;
  bars: 'upright' | 'lying';
  labels: readonly string[];
  series: readonly { name: string; values: readonly number[] }[];
}

/** Told apart by who sees colours differently, and on grey paper (Okabe and Ito). */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442', '#555555'];
const WIDTH = 640;
const LINE = 26;
const TEXT = { fontFamily: 'Roboto', fontSize: 11, color: '#1a1a1a' };

/** A picture with nothing from elsewhere. The same chart is the same picture. */
export function chartSvg({ unit, bars, labels, series }: Chart, language: DocumentLanguage): string {
  const isUpright = bars === 'upright';
  const height = isUpright ? 260 : 60 + labels.length * LINE;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  const number = new Intl.NumberFormat(LOCALES[language], { maximumFractionDigits: 6 });
  const names = {
    type: 'category' as const,
    data: [...labels],
    axisLabel: { ...TEXT, hideOverlap: true },
    axisTick: { show: false },
    axisLine: { lineStyle: { color: '#767676' } },
    inverse: !isUpright,
  };
  const values = {
    type: 'value' as const,
    name: unit,
    nameTextStyle: TEXT,
    axisLabel: { ...TEXT, formatter: (value: number) => number.format(value) },
    splitLine: { lineStyle: { color: '#dddddd' } },
  };
  chart.setOption({
    animation: false,
    color: COLOURS,
    textStyle: TEXT,
    grid: { left: 8, right: 48, top: series.length > 1 ? 56 : 30, bottom: 8, outerBoundsMode: 'same' },
    ...(series.length > 1 && { legend: { top: 0, left: 0, textStyle: TEXT, icon: 'rect' } }),
    xAxis: isUpright ? names : values,
    yAxis: isUpright ? values : names,
    series: series.map(({ name, values: data }) => ({
      type: 'bar' as const,
      name,
      data: [...data],
      stack: 'all',
      barMaxWidth: 18,
    })),
  });
  try {
    // Names of classes are numbered through all charts of a process; they are for pointers only.
    return chart
      .renderToSVGString()
      .replace(/<style[^]*?<\/style>/, '')
      .replace(/ class="zr[^"]*"/g, '');
  } finally {
    chart.dispose();
  }
}
