using System.Buffers;
using System.Text.Json;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Patches;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// Quotas as records, with the operations of buckets: <c>{"bytes": 1000, "records": 10}</c>, with the texts of their subjects as ids. A write is carried out
/// only if the quota is unchanged since it was read.
/// </summary>
internal sealed class QuotaRecords(IQuotaStore store, TimeProvider time)
{
    private const string Bytes = "bytes";
    private const string Records = "records";

    /// <summary>Reads all quotas.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async ValueTask<Outcome> ListAsync(Operation operation, CancellationToken cancellationToken)
    {
        var list = await store.ListAsync(cancellationToken);
        return InMemoryRecords.ReadList(operation, [.. list.Quotas.Select(Of)], list.Stamp);
    }

    /// <summary>Carries out an operation on one quota.</summary>
    /// <param name="subject">Its subject.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async ValueTask<Outcome> ExecuteAsync(QuotaSubject subject, Operation operation, CancellationToken cancellationToken)
    {
        while (true)
        {
            var quota = await store.FindAsync(subject, cancellationToken);
            var record = quota is null ? null : Of(quota);
            if (InMemoryRecords.Refusal(operation, record) is { } refusal)
            {
                return refusal;
            }

            if (quota is null && operation is not PutRecord)
            {
                return new Missing(ObjectRef.Record("quotas", subject.Text));
            }

            if (operation is ReadRecord || (record is not null && operation is PutRecord { Body: null }))
            {
                return new RecordFound(record!);
            }

            if (operation is DeleteRecord)
            {
                if (await store.RemoveAsync(quota!, ServerTimestamp.Now(time), cancellationToken) is { } stamp)
                {
                    return new RecordDeleted(StoredRecord.Tombstone(subject.Text, stamp, author: null));
                }

                continue;
            }

            var (next, invalid) = Next(subject, operation, record, cancellationToken);
            if (next is null)
            {
                return invalid!;
            }

            var (change, stored) = await store.PutAsync(next, quota, Quota.Most, ServerTimestamp.Now(time), cancellationToken);
            if (stored is not null)
            {
                return new RecordWritten(Of(stored), Created: quota is null) { Previous = record };
            }

            if (change == QuotaChange.Full)
            {
                return new Refused("path", null, $"There are {Quota.Most} quotas already.");
            }
        }
    }

    private static StoredRecord Of(Quota quota)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            if (quota.Bytes is { } bytes)
            {
                writer.WriteNumber(Bytes, bytes);
            }

            if (quota.Records is { } records)
            {
                writer.WriteNumber(Records, records);
            }

            writer.WriteEndObject();
        }

        return new StoredRecord { Id = quota.Subject.Text, Modified = quota.Modified, Body = body.WrittenMemory };
    }

    private static (Quota? Next, Outcome? Refusal) Next(QuotaSubject subject, Operation operation, StoredRecord? record, CancellationToken cancellationToken)
    {
        switch (operation)
        {
            case PutRecord put:
                return Read(subject, put.Body ?? RecordData.EmptyObject);
            case PatchRecord patch:
                var (data, failed) = RecordPatch.Apply(patch.Kind, record!, patch.Patch, patch.ReservedFlag, cancellationToken);
                return data is null ? (null, failed) : Read(subject, data.Body);
            default:
                throw new InvalidOperationException($"A quota has no {operation.GetType().Name}.");
        }
    }

    private static (Quota? Quota, Refused? Refusal) Read(QuotaSubject subject, ReadOnlyMemory<byte> body)
    {
        var quota = new Quota(subject, Bytes: null, Records: null);
        using var document = JsonText.Parse(body);
        foreach (var property in document.RootElement.EnumerateObject())
        {
            if (property.Name is not (Bytes or Records))
            {
                return (null, new Refused("body", "data", $"A quota has {Bytes}, {Records} or both, nothing else."));
            }

            long? number = null;
            if (property.Value.ValueKind != JsonValueKind.Null)
            {
                if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetInt64(out var value) || value < 0)
                {
                    return (null, new Refused("body", $"data.{property.Name}", "should be an integer from 0 on, 0 for no limit, or null for what the settings say"));
                }

                number = value;
            }

            quota = property.Name is Bytes ? quota with { Bytes = number } : quota with { Records = number };
        }

        return (quota.Bytes ?? quota.Records) is null ? (null, new Refused("body", "data", $"A quota has {Bytes}, {Records} or both.")) : (quota, null);
    }
}
