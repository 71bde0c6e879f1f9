using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Console.Own;

/// <summary>Where a page in the order of ids goes on: after an id. Later pages show the list as it then is.</summary>
internal readonly record struct PageCursorAfter(string Id)
{
    public PageCursor Cursor => new(ServerTimestamp.Zero, Id, PageCursor.Unbounded);
}
