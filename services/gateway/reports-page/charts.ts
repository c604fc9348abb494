import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, use, type EChartsType } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

// On canvas: pictures in SVG have styles of their own, which the page's policy forbids.
use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

/** Told apart by who sees colours differently (Okabe and Ito). */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442', '#555555'];
const TEXT = { fontFamily: 'system-ui, sans-serif', fontSize: 13, color: '#1a1a1a' };

/** Of a long word, with its colour. */
const LEGEND_ITEM_WIDTH = 150;

export interface ChartFigures {
  kind: 'stacked bars' | 'lying bars' | 'lines';
  labels: readonly string[];
  series: readonly { name: string; values: readonly (number | null)[] }[];
  write(value: number): string;
}

const drawn = new Map<HTMLElement, EChartsType>();
const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) drawn.get(target as HTMLElement)?.resize();
});

/** Draws into an element that is on the page and has a size. */
export function drawChart(element: HTMLElement, { kind, labels, series, write }: ChartFigures): void {
  const isLying = kind === 'lying bars';
  const names = {
    type: 'category' as const,
    data: [...labels],
    inverse: isLying,
    axisTick: { show: false },
    axisLabel: { ...TEXT, hideOverlap: true, ...(isLying && { width: 150, overflow: 'truncate' as const }) },
  };
  const values = {
    type: 'value' as const,
    axisLabel: { ...TEXT, formatter: write, hideOverlap: true },
    splitLine: { lineStyle: { color: '#ddd' } },
  };
  const chart = init(element);
  // A legend is as high as it needs to be; what is below it has to be told.
  const legendRows = series.length > 1 ? Math.ceil((series.length * LEGEND_ITEM_WIDTH) / element.clientWidth) : 0;
  chart.setOption({
    animation: false,
    color: COLOURS,
    textStyle: TEXT,
    grid: { left: 8, right: 24, top: 14 + legendRows * 26, bottom: 8, outerBoundsMode: 'same' },
    // The table says it all to who uses no mouse; so nothing here has to be reached.
    tooltip: {
      trigger: 'axis',
      renderMode: 'richText',
      axisPointer: { type: kind === 'lines' ? 'line' : 'shadow' },
      valueFormatter: (value: unknown) => (typeof value === 'number' ? write(value) : ''),
    },
    ...(series.length > 1 && {
      legend: { type: 'plain', top: 0, left: 0, selectedMode: false, icon: 'rect', textStyle: TEXT },
    }),
    xAxis: isLying ? values : names,
    yAxis: isLying ? names : values,
    series: series.map(({ name, values: data }) => ({
      name,
      data: [...data],
      silent: true,
      ...(kind === 'lines'
        ? { type: 'line' as const, step: 'end' as const, showSymbol: false, lineStyle: { width: 2.5 } }
        : { type: 'bar' as const, stack: 'all', barMaxWidth: 24 }),
    })),
  });
  drawn.set(element, chart);
  resized.observe(element);
}

/** All that are drawn are taken off the page. */
export function clearCharts(): void {
  for (const [element, chart] of drawn) {
    resized.unobserve(element);
    chart.dispose();
  }
  drawn.clear();
}
