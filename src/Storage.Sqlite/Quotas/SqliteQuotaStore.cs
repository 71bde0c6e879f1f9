using Lockstep.Core.Quotas;
using Lockstep.Core.Time;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.Quotas;

/// <summary>Quotas in the same file as the buckets. The file's only writer runs one job at a time, so what a job reads stays true until it has written.</summary>
public sealed class SqliteQuotaStore(SqliteDatabase database) : IQuotaStore
{
    private const string Columns = "subject, bytes, records, modified";

    public ValueTask<ServerTimestamp> StampAsync(CancellationToken cancellationToken) => ValueTask.FromResult(database.Read(Stamp));

    public ValueTask<QuotaList> ListAsync(CancellationToken cancellationToken) => ValueTask.FromResult(database.Read(static statements =>
    {
        // The empty subject sorts first, and one statement sees one moment.
        using var reader = statements.Prepare($"SELECT {Columns} FROM quotas ORDER BY subject").ExecuteReader();
        reader.Read();
        var stamp = new ServerTimestamp(reader.GetInt64(3));
        var quotas = new List<Quota>();
        while (reader.Read())
        {
            quotas.Add(Read(reader));
        }

        return new QuotaList(stamp, quotas);
    }));

    public ValueTask<Quota?> FindAsync(QuotaSubject subject, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements => Find(statements, subject)));

    public ValueTask<(QuotaChange Change, Quota? Stored)> PutAsync(Quota quota, Quota? read, int most, ServerTimestamp now, CancellationToken cancellationToken) =>
        database.WriteAsync<(QuotaChange, Quota?)>(statements =>
        {
            if (Find(statements, quota.Subject)?.Modified != read?.Modified)
            {
                return (QuotaChange.ReadAgain, null);
            }

            if (read is null && (long)statements.Scalar("SELECT count(*) - 1 FROM quotas")! >= most)
            {
                return (QuotaChange.Full, null);
            }

            var stored = quota with { Modified = NextStamp(statements, now) };
            statements.Execute(
                $"INSERT OR REPLACE INTO quotas ({Columns}) VALUES ($0, $1, $2, $3)", stored.Subject.Text, stored.Bytes, stored.Records, stored.Modified.Milliseconds);
            return (QuotaChange.Done, stored);
        });

    public ValueTask<ServerTimestamp?> RemoveAsync(Quota read, ServerTimestamp now, CancellationToken cancellationToken) => database.WriteAsync<ServerTimestamp?>(statements =>
        statements.Execute("DELETE FROM quotas WHERE subject = $0 AND modified = $1", read.Subject.Text, read.Modified.Milliseconds) == 1 ? NextStamp(statements, now) : null);

    private static ServerTimestamp Stamp(SqliteStatements statements) => new((long)statements.Scalar("SELECT modified FROM quotas WHERE subject = ''")!);

    private static ServerTimestamp NextStamp(SqliteStatements statements, ServerTimestamp now)
    {
        var next = ServerTimestamp.Max(now, Stamp(statements).Plus(1));
        statements.Execute("UPDATE quotas SET modified = $0 WHERE subject = ''", next.Milliseconds);
        return next;
    }

    private static Quota? Find(SqliteStatements statements, QuotaSubject subject)
    {
        using var reader = statements.Prepare($"SELECT {Columns} FROM quotas WHERE subject = $0", subject.Text).ExecuteReader();
        return reader.Read() ? Read(reader) : null;
    }

    private static Quota Read(SqliteDataReader reader) => new(
        QuotaSubject.Parse(reader.GetString(0)) ?? throw new InvalidDataException($"The table quotas has '{reader.GetString(0)}', which is about nothing."),
        reader.IsDBNull(1) ? null : reader.GetInt64(1),
        reader.IsDBNull(2) ? null : reader.GetInt64(2))
    {
        Modified = new ServerTimestamp(reader.GetInt64(3)),
    };
}
