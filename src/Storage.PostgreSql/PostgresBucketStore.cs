using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql.Reads;

namespace Lockstep.Storage.PostgreSql;

/// <summary>Buckets in a PostgreSQL database, which other processes use too.</summary>
public sealed class PostgresBucketStore(PostgresDatabase database) : IBucketStore
{
    public bool IsShared => true;

    public void OnTakenOver(Action<BucketId> listener) => database.Lease.OnTakenOver(listener);

    public bool IsCurrent(BucketHeads heads) => heads.Lease != 0 && database.Lease.IsCurrent(heads.Lease);

    public async ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken) =>
        await database.Reads.LoadAsync(id, claim, cancellationToken) ?? BucketHeads.Unwritten(id, database.Floor);

    public ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
        BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken) =>
        new(database.Reads.ReadAsync(bucket.Row, keys, projection, cancellationToken));

    public ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            if (scan.Field is not null)
            {
                using var byField = new FieldScanStatement(connection, scan);
                await using var found = await byField.Rows().ExecuteReaderAsync();
                return await ScanStatement.ReadAsync(found, scan);
            }

            using var statement = new ScanStatement(connection, scan);
            await using var reader = await statement.Rows().ExecuteReaderAsync();
            return await ScanStatement.ReadAsync(reader, scan);
        },
        repeatable: true,
        cancellationToken);

    public ValueTask<RecordCount> CountAsync(RecordScan scan, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            if (scan.Field is not null)
            {
                using var byField = new FieldScanStatement(connection, scan);
                await using var counted = await byField.Count().ExecuteReaderAsync();
                return await FieldScanStatement.ReadCountAsync(counted);
            }

            using var statement = new ScanStatement(connection, scan);
            await using var reader = await statement.Count().ExecuteReaderAsync();
            return await ScanStatement.ReadCountAsync(reader);
        },
        repeatable: true,
        cancellationToken);

    public ValueTask<IReadOnlyList<Grant>> ReadGrantsAsync(GrantScan scan, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            using var command = GrantStatement.Create(connection, scan);
            await using var reader = await command.ExecuteReaderAsync();
            return await GrantStatement.ReadAsync(reader, scan);
        },
        repeatable: true,
        cancellationToken);

    public ValueTask<CommitOutcome> CommitAsync(BucketCommit commit) => new(database.Commits.CommitAsync(commit));
}
