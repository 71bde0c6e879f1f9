using System.Globalization;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.PostgreSql;

namespace Lockstep.Silo.Doctor;

/// <summary>PostgreSQL: whether it can be used, what it promises, and whether its connections suffice.</summary>
internal static class PostgresExamination
{
    public static async Task<IReadOnlyList<Diagnosis>> ExamineAsync(LockstepOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        if (options.Postgres.Connection is not { Length: > 0 })
        {
            return [];
        }

        var found = new List<Diagnosis>();
        foreach (var (setting, state, fault) in await PostgresState.AskAsync(options.Postgres, time, cancellationToken))
        {
            found.AddRange(state is null ? [Diagnosis.Error(setting, $"{fault} docs/operations/postgresql.md says what to do.")] : Examine(options, state));
        }

        return found;
    }

    /// <param name="options">Checked settings.</param>
    /// <param name="state">What the database says.</param>
    public static IEnumerable<Diagnosis> Examine(LockstepOptions options, PostgresState state)
    {
        var problems = Problems(options, state).Select(one => new Diagnosis(one.Level, state.Setting, one.Text)).ToList();
        return problems.Count > 0 ? problems : [Diagnosis.Ok(state.Setting, $"PostgreSQL {state.Version.Major} at {state.Place}, schema {state.Schema}: rights, durability, connections and clock are as they should be")];
    }

    private static IEnumerable<(DiagnosisLevel Level, string Text)> Problems(LockstepOptions options, PostgresState state)
    {
        if (state.Version < new Version(15, 0))
        {
            yield return (DiagnosisLevel.Error, $"PostgreSQL is {state.Version}; 15 or later is needed.");
        }

        if (state.IsStandby || state.IsReadOnly)
        {
            yield return (DiagnosisLevel.Error, $"it cannot be written: {(state.IsStandby ? "it is a standby. Add Target Session Attributes=primary and the primary's host to the connection" : "default_transaction_read_only is on. Set it to off for the role")}.");
        }

        if (state.Encoding != "UTF8")
        {
            yield return (DiagnosisLevel.Error, $"its encoding is {state.Encoding}. Make a database with ENCODING 'UTF8' TEMPLATE template0.");
        }

        if (Is("default_transaction_isolation") != "read committed")
        {
            yield return (DiagnosisLevel.Error, $"default_transaction_isolation is {Is("default_transaction_isolation")}. Set it to 'read committed' for the role.");
        }

        // :: What is acknowledged is kept
        if (Is("fsync") == "off" || Is("full_page_writes") == "off")
        {
            yield return (DiagnosisLevel.Error, $"{(Is("fsync") == "off" ? "fsync" : "full_page_writes")} is off: a crash can destroy the database. Set it to on.");
        }

        if (Is("synchronous_commit") is var commit and ("off" or "local" or "remote_write"))
        {
            yield return (commit == "off" ? DiagnosisLevel.Error : DiagnosisLevel.Warning, $"synchronous_commit is {commit}: {(commit == "off" ? "a crash loses writes that were acknowledged" : "a failover can lose writes that were acknowledged")}. Set it to on for the role.");
        }

        // :: Rights
        if (state.Schema < PostgresState.NewestSchema)
        {
            yield return state is { MayCreate: false } || !options.Postgres.Migrate
                ? (DiagnosisLevel.Error, $"its schema is {state.Schema}, this program's {PostgresState.NewestSchema}, and the server {(options.Postgres.Migrate ? "has no right to change it" : "leaves it alone (Postgres:Migrate)")}. Run 'migrate' as the role that owns the tables.")
                : (DiagnosisLevel.Warning, $"its schema is {state.Schema}, this program's {PostgresState.NewestSchema}: the next start brings it up to date. Make a backup before.");
        }

        if (state.MayWrite == false)
        {
            yield return (DiagnosisLevel.Error, "the role may not read and write all tables. GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public to it.");
        }

        // :: Connections
        var (most, each) = (Number("max_connections") - Number("superuser_reserved_connections"), (long)options.Postgres.MaxConnections);
        var wanted = each * Math.Max(1, state.Servers);
        if (wanted > most)
        {
            yield return (DiagnosisLevel.Error, string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, state.Servers)} servers may open {wanted} connections (Postgres:MaxConnections), and it takes {most}. Raise max_connections, or lower the setting."));
        }
        else if (2 * wanted > most)
        {
            yield return (DiagnosisLevel.Warning, string.Create(CultureInfo.InvariantCulture, $"it takes {most} connections, and servers may open {wanted}: twice that while they are replaced. Raise max_connections."));
        }

        if (Is("idle_in_transaction_session_timeout") is not "0" and { Length: > 0 } idle)
        {
            yield return (DiagnosisLevel.Warning, $"idle_in_transaction_session_timeout is {idle}: a lock on an account's name can be lost while it is made or deleted. Set it to 0 for the role, or to minutes.");
        }

        // :: Clock
        if (state.Ahead.Duration() > options.Postgres.MaxClockDifference)
        {
            yield return (DiagnosisLevel.Error, $"its clock is {Seconds(state.Ahead)} {(state.Ahead > TimeSpan.Zero ? "ahead of" : "behind")} this machine's, more than Postgres:MaxClockDifference: the server is not healthy. Run NTP on both.");
        }
        else if (state.Ahead.Duration() > TimeSpan.FromSeconds(1))
        {
            yield return (DiagnosisLevel.Warning, $"its clock is {Seconds(state.Ahead)} {(state.Ahead > TimeSpan.Zero ? "ahead of" : "behind")} this machine's. Run NTP on both.");
        }

        string Is(string setting) => state.Settings.GetValueOrDefault(setting, "");

        long Number(string setting) => long.TryParse(Is(setting), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }

    private static string Seconds(TimeSpan difference) => string.Create(CultureInfo.InvariantCulture, $"{difference.Duration().TotalSeconds:0.0} s");
}
