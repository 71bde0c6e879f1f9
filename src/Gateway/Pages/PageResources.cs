using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Pages;

/// <summary>All resources of pages: a document at each path, and the files of each set below its hash.</summary>
internal static class PageResources
{
    /// <summary>The prefix of all paths of files.</summary>
    public const string FilesPrefix = "/pages";

    public static ResourceTable<PageHandler> Table(IEnumerable<PageSet> sets) => new(
    [
        .. sets.SelectMany(static set => set.Paths).Distinct(StringComparer.Ordinal).Select(static path => Get(path, static (pages, request) => pages.Document(request))),
        Get($"{FilesPrefix}/{{hash}}/{{file}}", static (pages, request) => pages.File(request)),
        Get($"{FilesPrefix}/{{hash}}/{{folder}}/{{file}}", static (pages, request) => pages.File(request)),
        Get($"{FilesPrefix}/{{hash}}/{{folder}}/{{inner}}/{{file}}", static (pages, request) => pages.File(request)),
    ]);

    private static Resource<PageHandler> Get(string path, PageHandler handler) => new(
        path,
        new ResourceMethod<PageHandler>("GET", Access.Anonymous, BodyKind.None, handler),
        new ResourceMethod<PageHandler>("HEAD", Access.Anonymous, BodyKind.None, handler));
}
