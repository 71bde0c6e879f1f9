using System.Data.Common;
using System.Globalization;

namespace Lockstep.Storage.Upkeep;

/// <summary>Reads numbers, whose types differ between the engines.</summary>
internal static class NumberReading
{
    public static long Number(this DbDataReader reader, int column) => Convert.ToInt64(reader.GetValue(column), CultureInfo.InvariantCulture);
}
