using Lockstep.Core.Time;

namespace Lockstep.Import.Kinto;

/// <summary>A row of the table <c>objects</c>.</summary>
/// <param name="Id">Its id in its list.</param>
/// <param name="Modified">Its stamp.</param>
/// <param name="IsTombstone">Whether it was deleted.</param>
/// <param name="Data">UTF-8 JSON without id and stamp.</param>
/// <param name="Entries">Its rights.</param>
public sealed record KintoObject(string Id, ServerTimestamp Modified, bool IsTombstone, ReadOnlyMemory<byte> Data, IReadOnlyList<KintoEntry> Entries);
