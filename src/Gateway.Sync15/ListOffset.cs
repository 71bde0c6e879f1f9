using System.Globalization;
using System.Text;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync15;

/// <summary>
/// Where a page ended, in the form that clients send back: the last record's place in the order. So records with the same stamp are neither left out nor
/// shown twice, whatever is written meanwhile.
/// </summary>
public static class ListOffset
{
    private const int MaxLength = 300;

    public static string Text(PageCursor cursor, ListOrder order) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(int)order}.{cursor.Modified.Milliseconds}.{cursor.SortIndex}.{Convert.ToHexStringLower(Encoding.ASCII.GetBytes(cursor.Id))}");

    /// <returns>Null for a text that this server has not made, or made for another order.</returns>
    public static PageCursor? Parse(string text, ListOrder order)
    {
        if (text.Length > MaxLength
            || text.Split('.') is not [var kind, var modified, var weight, var id]
            || !int.TryParse(kind, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number != (int)order
            || !ServerTimestamp.TryParse(modified, out var stamp)
            || id.Length % 2 != 0 || !id.All(char.IsAsciiHexDigit))
        {
            return null;
        }

        int? sortIndex = null;
        if (weight.Length > 0)
        {
            if (!int.TryParse(weight, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            {
                return null;
            }

            sortIndex = value;
        }

        var name = Encoding.Latin1.GetString(Convert.FromHexString(id));
        return SyncNames.IsId(name) ? new PageCursor(stamp, name, PageCursor.Unbounded) { SortIndex = sortIndex } : null;
    }
}
