using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Lists;

/// <summary>A part of an index on a field.</summary>
/// <param name="Index">Its key.</param>
/// <param name="From">The least key; empty for all.</param>
/// <param name="To">The greatest key.</param>
public sealed record FieldRange(int Index, ReadOnlyMemory<byte> From, ReadOnlyMemory<byte> To)
{
    // No key begins with this byte.
    private static readonly byte[] Last = [0xFF];

    /// <summary>Read in the order of the field, the greatest first or last; rows with the same key newest first. Null: in the query's order.</summary>
    public bool? IsDescending { get; init; }

    /// <summary>Where an earlier read in the order of the field ended: key, stamp and id. Null for the beginning.</summary>
    public (ReadOnlyMemory<byte> Key, ServerTimestamp Modified, string Id)? After { get; init; }

    /// <summary>Whether all rows of the range have one key.</summary>
    public bool IsPoint => From.Span.SequenceEqual(To.Span);

    /// <summary>The whole index.</summary>
    public static FieldRange All(int index) => new(index, default, Last);

    /// <summary>The range of an index that can pass the filters on its field. It may contain rows that do not.</summary>
    /// <param name="index">The index.</param>
    /// <param name="path">Its field.</param>
    /// <param name="filters">All filters.</param>
    /// <returns>Null where no filter narrows the keys.</returns>
    public static FieldRange? Of(int index, string path, IReadOnlyList<FieldFilter> filters)
    {
        var (from, to, isBound) = (Array.Empty<byte>(), Last, false);
        foreach (var filter in filters)
        {
            if (filter.Path != path || filter.Test is not (FieldTest.Equal or FieldTest.Less or FieldTest.AtMost or FieldTest.AtLeast or FieldTest.Greater))
            {
                continue;
            }

            var key = new FieldKeyWriter(path).OfValue(filter.Value);
            isBound = true;
            if (filter.Test is not (FieldTest.Less or FieldTest.AtMost) && key.AsSpan().SequenceCompareTo(from) > 0)
            {
                from = key;
            }

            if (filter.Test is not (FieldTest.AtLeast or FieldTest.Greater) && key.AsSpan().SequenceCompareTo(to) < 0)
            {
                to = key;
            }
        }

        return isBound ? new FieldRange(index, from, to) : null;
    }

    /// <summary>The rest of the range after a page that ended with this record, in the order of the field.</summary>
    /// <param name="key">The record's key.</param>
    /// <param name="modified">Its stamp.</param>
    /// <param name="id">Its id.</param>
    public FieldRange Behind(ReadOnlyMemory<byte> key, ServerTimestamp modified, string id)
    {
        if (key.Length < FieldKeyWriter.MaxLength)
        {
            return this with { After = (key, modified, id) };
        }

        // Truncated keys are not in order among themselves.
        return IsDescending == true
            ? this with { To = key.Span.SequenceCompareTo(To.Span) < 0 ? key : To }
            : this with { From = key.Span.SequenceCompareTo(From.Span) > 0 ? key : From };
    }
}
