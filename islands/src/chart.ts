// The chart island: lets the reader walk along the lines that `ui::chart::LineChart` has drawn already. The numbers come
// from `data-chart`; the table behind the chart stays where it is and opens with the key t.
import { LineChart } from 'echarts/charts';
import { AxisPointerComponent, GridComponent, TooltipComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { LabelLayout } from 'echarts/features';
import { CanvasRenderer } from 'echarts/renderers';
import { enlarged, isStill, onTheme, token } from './parts/theme';

use([LineChart, GridComponent, TooltipComponent, AxisPointerComponent, LabelLayout, CanvasRenderer]);

interface Line {
  name: string;
  values: (number | null)[];
  comparison: boolean;
}

interface Plan {
  across: string[];
  series: Line[];
  band?: ([number, number] | null)[];
  band_name: string;
}

/** Digits in groups, up to two decimals: as the table has them. */
const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
const shown = (value: number | null | undefined): string => (value == null ? '—' : grouped.format(value));

export function mount(figure: HTMLElement): () => void {
  const drawing = figure.querySelector<SVGElement>('.chart-svg');
  const table = figure.querySelector<HTMLDetailsElement>('.chart-table');
  if (!drawing?.parentElement) return () => {};
  let plan = JSON.parse(figure.dataset.chart ?? '') as Plan;
  const room = document.createElement('div');
  room.className = 'chart-live';
  room.tabIndex = 0;
  room.setAttribute('role', 'group');
  room.setAttribute('aria-label', `${figure.dataset.title ?? ''}. ${figure.dataset.help ?? ''}`);
  const told = document.createElement('p');
  told.className = 'visually-hidden';
  told.setAttribute('role', 'status');
  drawing.parentElement.append(room);
  figure.append(told);
  figure.classList.add('chart-on');
  const chart = init(room);
  const draw = (): void => chart.setOption(optionOf(plan), { notMerge: true });
  draw();

  let at = -1;
  const walk = (by: number): void => {
    at = Math.min(Math.max(at < 0 && by < 0 ? plan.across.length - 1 : at + by, 0), plan.across.length - 1);
    chart.dispatchAction({ type: 'showTip', seriesIndex: plan.band ? 2 : 0, dataIndex: at });
    told.textContent = sentence(plan, at, ', ');
  };
  room.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'ArrowRight') walk(1);
    else if (event.key === 'ArrowLeft') walk(-1);
    else if (event.key === 'Home') walk(-plan.across.length);
    else if (event.key === 'End') walk(plan.across.length);
    else if (event.key === 't' && table) {
      table.open = !table.open;
      if (table.open) table.querySelector('summary')?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  room.addEventListener('blur', () => {
    at = -1;
    chart.dispatchAction({ type: 'hideTip' });
  });
  const sizes = new ResizeObserver(() => chart.resize());
  sizes.observe(room);
  const stopTheme = onTheme(draw);
  const changes = new MutationObserver(() => {
    plan = JSON.parse(figure.dataset.chart ?? '') as Plan;
    draw();
  });
  changes.observe(figure, { attributeFilter: ['data-chart'] });
  return () => {
    sizes.disconnect();
    changes.disconnect();
    stopTheme();
    chart.dispose();
    room.remove();
    told.remove();
    figure.classList.remove('chart-on');
  };
}

/** One point in words: when, then each line with its value, then the band. */
function sentence({ across, series, band, band_name }: Plan, at: number, between: string): string {
  const bound = band?.[at];
  return [
    across[at] ?? '',
    ...series.map(({ name, values }) => `${name} ${shown(values[at])}`),
    ...(bound ? [`${band_name} ${shown(bound[0])} – ${shown(bound[1])}`] : []),
  ].join(between);
}

function optionOf(plan: Plan): EChartsCoreOption {
  const { across, series, band } = plan;
  const ink = token('--ink');
  const soft = token('--ink-2');
  const fontFamily = getComputedStyle(document.body).fontFamily;
  const scale = enlarged();
  const fontSize = 12 * scale;
  // Where only whole things are counted, the axis has no tenths of them.
  const isWhole = [...series.flatMap(({ values }) => values), ...(band ?? []).flatMap((b) => b ?? [])]
    .every((value) => value == null || Number.isInteger(value));
  let strong = 0;
  const lines = series.map(({ name, values, comparison }) => {
    const color = comparison ? token('--line-strong') : token(`--line-${((strong += 1) - 1) % 4 + 1}`);
    return {
      type: 'line', name, data: values, color, symbol: 'circle', symbolSize: 5, showSymbol: values.length <= 31 && !comparison,
      lineStyle: { width: comparison ? 1 : 2, type: comparison ? [3, 3] : 'solid' }, z: comparison ? 2 : 3,
      endLabel: { show: true, formatter: '{a}', color: comparison ? soft : color, fontFamily, fontSize },
      labelLayout: { moveOverlap: 'shiftY' }, emphasis: { disabled: true },
    };
  });
  // An interval is two stacked areas: an unseen one up to its lower bound, and the band on it.
  const bound = (data: (number | null)[], opacity: number) => ({
    type: 'line', data, stack: 'band', symbol: 'none', silent: true, z: 1, color: token('--accent'),
    lineStyle: { opacity: 0 }, areaStyle: { opacity }, emphasis: { disabled: true },
  });
  const bands = band
    ? [bound(band.map((b) => b?.[0] ?? null), 0), bound(band.map((b) => (b ? b[1] - b[0] : null)), 0.16)]
    : [];
  return {
    animation: !isStill(), animationDuration: 200,
    textStyle: { fontFamily, color: ink },
    grid: { left: 48 * scale, right: 96 * scale, top: 12 * scale, bottom: 28 * scale },
    xAxis: {
      type: 'category', data: across, boundaryGap: false,
      axisLine: { lineStyle: { color: token('--line-strong') } }, axisTick: { show: false },
      axisLabel: { color: soft, hideOverlap: true, fontSize },
    },
    yAxis: {
      type: 'value', min: 0, splitNumber: 4, ...(isWhole ? { minInterval: 1 } : {}),
      axisLabel: { color: soft, fontSize, formatter: (value: number) => shown(value) },
      splitLine: { lineStyle: { color: token('--line') } },
    },
    tooltip: {
      trigger: 'axis',
      // Drawn on the canvas: a tooltip of HTML would bring styles of its own, which the content policy forbids.
      renderMode: 'richText', confine: true,
      backgroundColor: token('--surface'), borderColor: token('--line-strong'), borderWidth: 1, padding: 8,
      textStyle: { color: ink, fontFamily, fontSize, lineHeight: 18 * scale },
      axisPointer: { type: 'line', lineStyle: { color: token('--line-strong') }, animation: !isStill() },
      formatter: (points: unknown) => {
        const [first] = Array.isArray(points) ? (points as { dataIndex: number }[]) : [];
        return first ? sentence(plan, first.dataIndex, '\n') : '';
      },
    },
    series: [...bands, ...lines],
  };
}
