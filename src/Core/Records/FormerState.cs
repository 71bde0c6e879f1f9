using System.Globalization;
using Lockstep.Core.Time;

namespace Lockstep.Core.Records;

/// <summary>
/// Names rows of <see cref="ListRole.Former"/>: the state of a record before a change. The row's stamp is the change's; an empty body says that
/// the record did not exist. The id consists of the record's id, a blank, which sorts before all characters of ids, and both stamps, so that the
/// states of one record are adjacent and in order.
/// </summary>
public static class FormerState
{
    private const int Digits = 15;

    /// <param name="record">The record's id.</param>
    /// <param name="until">The stamp of the change that ended the state.</param>
    /// <param name="modified">The record's stamp in this state; zero where it did not exist.</param>
    public static string IdOf(string record, ServerTimestamp until, ServerTimestamp modified) => string.Create(
        CultureInfo.InvariantCulture, $"{record} {until.Milliseconds:D15} {modified.Milliseconds:D15}");

    /// <summary>After all states that had ended by a stamp, and before those that ended later.</summary>
    public static string Behind(string record, ServerTimestamp at) => string.Create(CultureInfo.InvariantCulture, $"{record} {at.Milliseconds:D15}~");

    /// <summary>The record in an earlier state.</summary>
    /// <param name="record">The record's id.</param>
    /// <param name="row">A row of the list, or none.</param>
    /// <returns>A tombstone where it did not exist; null where the row is not one of this record's.</returns>
    public static StoredRecord? Read(string record, StoredRecord? row)
    {
        if (row is null || row.Id.Length != record.Length + 2 + (2 * Digits) || row.Id[record.Length] != ' ' || !row.Id.StartsWith(record, StringComparison.Ordinal)
            || !ServerTimestamp.TryParse(row.Id.AsSpan(row.Id.Length - Digits), out var modified))
        {
            return null;
        }

        return row.Length == 0 ? StoredRecord.Tombstone(record, modified, row.Author) : row with { Id = record, Modified = modified };
    }
}
