/** Types of the HTTP API. */
export interface paths {
  '/api/v1/projects': { get: operations['list_projects'] };
  '/api/v1/projects/{project}/runs': { get: operations['list_runs'] };
  '/api/v1/projects/{project}/runs/{run}': { get: operations['get_run'] };
  '/api/v1/projects/{project}/runs/{run}/status': { get: operations['get_run_status'] };
  '/api/v1/projects/{project}/runs/{run}/metrics': { get: operations['list_metrics'] };
  '/api/v1/projects/{project}/series': { post: operations['read_series'] };
}
export interface components {
  schemas: {
    /** @enum {string} */
    RunState: 'created' | 'running' | 'stalled' | 'finished' | 'failed' | 'crashed';
    /** @enum {string} */
    StateSource: 'process' | 'rows';
    /** @enum {string} */
    Trend: 'falling' | 'flat' | 'rising';
    /** @enum {string} */
    Severity: 'note' | 'warning' | 'critical';
    /** @enum {string} */
    TotalStepsSource: 'config' | 'progress' | 'max_steps' | 'epochs' | 'learning_rate' | 'earlier_runs';
    /** @enum {string} */
    XAxis: 'step' | 'time' | 'relative_time';
    ProjectSummary: {
      project: string;
      runs: number;
      active_runs: number;
      /** Format: date-time */
      last_activity?: string | null;
      damaged?: string | null;
    };
    RunSummary: {
      project: string;
      run: string;
      run_id: string;
      state: components['schemas']['RunState'];
      created_at?: string | null;
      finished_at?: string | null;
      last_row_at?: string | null;
      rows: number;
      step?: number | null;
      total_steps?: number | null;
      progress?: number | null;
      loss_key?: string | null;
      loss?: number | null;
      loss_first?: number | null;
      loss_best?: number | null;
      elapsed_seconds?: number | null;
      eta_seconds?: number | null;
      eta_low_seconds?: number | null;
      eta_high_seconds?: number | null;
      exit_code?: number | null;
      group?: string | null;
      tags: string[];
      colour_slot: number;
      summary: string;
    };
    RunDetail: components['schemas']['RunSummary'] & {
      config: Record<string, unknown>;
      summary_values: Record<string, unknown>;
      failure?: string | null;
      exit_signal?: number | null;
      host?: string | null;
      pid?: number | null;
      command?: string | null;
      git_commit?: string | null;
      notes?: string | null;
    };
    LossStatus: {
      key: string;
      latest?: number | null;
      recent?: number | null;
      first?: number | null;
      best?: number | null;
      best_step?: number | null;
      trend?: components['schemas']['Trend'] | null;
      trend_since_step?: number | null;
      slope_per_1000_steps?: number | null;
    };
    AlertCounts: { error: number; warn: number; info: number };
    Finding: { code: string; severity: components['schemas']['Severity']; evidence: string };
    RunStatus: {
      project: string;
      run: string;
      run_id: string;
      state: components['schemas']['RunState'];
      state_source: components['schemas']['StateSource'];
      step?: number | null;
      total_steps?: number | null;
      total_steps_source?: components['schemas']['TotalStepsSource'] | null;
      total_steps_exact?: boolean | null;
      progress?: number | null;
      loss?: components['schemas']['LossStatus'] | null;
      learning_rate?: number | null;
      epoch?: number | null;
      steps_per_second?: number | null;
      elapsed_seconds?: number | null;
      eta_seconds?: number | null;
      eta_low_seconds?: number | null;
      eta_high_seconds?: number | null;
      eta_reason?: string | null;
      finish_at?: string | null;
      seconds_since_last_row?: number | null;
      findings: components['schemas']['Finding'][];
      alerts: components['schemas']['AlertCounts'];
      summary: string;
    };
    MetricSummary: {
      key: string;
      points: number;
      last?: number | null;
      last_step?: number | null;
      min?: number | null;
      max?: number | null;
    };
    SeriesRequest: {
      runs: string[];
      keys: string[];
      x?: components['schemas']['XAxis'];
      from?: number | null;
      to?: number | null;
      pixels?: number;
    };
    Series: {
      run_id: string;
      run: string;
      key: string;
      x: number[];
      value: (number | null)[];
      total_points: number;
      exact: boolean;
    };
    SeriesResponse: { series: components['schemas']['Series'][] };
    ErrorBody: {
      error: string;
      code: string;
      hint: string;
      details: Record<string, unknown>;
      request_id: string;
    };
  };
}
export interface operations {
  list_projects: {
    parameters: { query?: never; header?: never; path?: never; cookie?: never };
    requestBody?: never;
    responses: {
      200: {
        headers: { [name: string]: unknown };
        content: { 'application/json': { projects: components['schemas']['ProjectSummary'][] } };
      };
    };
  };
  list_runs: {
    parameters: { query?: never; header?: never; path: { project: string }; cookie?: never };
    requestBody?: never;
    responses: {
      200: {
        headers: { [name: string]: unknown };
        content: { 'application/json': { runs: components['schemas']['RunSummary'][] } };
      };
    };
  };
  get_run: {
    parameters: { query?: never; header?: never; path: { project: string; run: string }; cookie?: never };
    requestBody?: never;
    responses: {
      200: {
        headers: { [name: string]: unknown };
        content: { 'application/json': components['schemas']['RunDetail'] };
      };
    };
  };
  get_run_status: {
    parameters: { query?: never; header?: never; path: { project: string; run: string }; cookie?: never };
    requestBody?: never;
    responses: {
      200: {
        headers: { [name: string]: unknown };
        content: { 'application/json': components['schemas']['RunStatus'] };
      };
    };
  };
  list_metrics: {
    parameters: { query?: never; header?: never; path: { project: string; run: string }; cookie?: never };
    requestBody?: never;
    responses: {
      200: {
        headers: { [name: string]: unknown };
        content: { 'application/json': { metrics: components['schemas']['MetricSummary'][] } };
      };
    };
  };
  read_series: {
    parameters: { query?: never; header?: never; path: { project: string }; cookie?: never };
    requestBody: { content: { 'application/json': components['schemas']['SeriesRequest'] } };
    responses: {
      200: {
        headers: { [name: string]: unknown };
        content: { 'application/json': components['schemas']['SeriesResponse'] };
      };
    };
  };
}
