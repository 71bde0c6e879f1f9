using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Pages;

/// <summary>Registers pages.</summary>
public static class PageServiceCollectionExtensions
{
    /// <summary>Serves one more set of pages.</summary>
    public static IServiceCollection AddPages(this IServiceCollection services, PageSet set)
    {
        services.AddSingleton(set);
        return services.Any(static service => service.ServiceType == typeof(PageProtocol)) ? services : services.AddProtocol<PageProtocol, PageHandler>();
    }
}
